"""Scaled dot-product attention: each position mixes what the others hold, by how well they fit its question.

It has no weights of its own: dense layers before it make the queries, the keys and the values of a
transformer, and one behind it mixes the heads. As `torch.nn.functional.scaled_dot_product_attention`, the
mask of a causal one lets query i see the keys 0 to i.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bpdebug.engine.network.layers.kind import LayerKind, Setting, Value, is_input_role, written_options
from bpdebug.engine.network.layers.layout import BATCH, Layout

HEADS = Setting("heads", default=1, bounds={"ge": 1, "le": 2**16})


def forward(settings: Mapping[str, Value], roles: Collection[str], layout: Layout) -> dict[str, str]:
    """Return the forward expressions; a single tensor that comes in is queries, keys and values at once."""
    incoming = [role for role in roles if is_input_role(role)]
    queries, keys, values = incoming if len(incoming) == 3 else incoming * 3
    heads = written_options(settings, (HEADS,))
    masked = {"masked": "causal_mask(scores)"} if settings["causal"] else {}
    return {
        "q": f"split_heads({queries}{heads})",
        "k": f"split_heads({keys}{heads})",
        "v": f"split_heads({values}{heads})",
        "scale": "sqrt(count(q, axis=-1))",
        "products": "q @ k.T",
        "scores": "products / scale",
        **masked,
        "p": f"softmax({'masked' if masked else 'scores'}, axis=-1)",
        "mixed": "p @ v",
        "a": f"merge_heads(mixed{heads})",
    }


def title(settings: Mapping[str, Value]) -> str:
    """Return what the listing calls such a layer."""
    heads = settings["heads"]
    causal = "causal " if settings["causal"] else ""
    return f"{causal}attention, {heads} head{'s' * (heads != 1)}"


SCALED_DOT_PRODUCT_ATTENTION = LayerKind(
    name="scaled_dot_product_attention",
    input=lambda layout: (BATCH, "positions", "features"),
    parameters=(),
    settings=(HEADS, Setting("causal", default=False)),
    title=title,
    forward=forward,
    panels=("a_prev", "q", "k", "v", "products", "scale", "scores", "masked", "p", "mixed", "a"),
    explanations={
        "q": "Each head asks with its own part of every query.",
        "k": "Each head compares with its own part of every key.",
        "v": "Each head mixes its own part of every value.",
        "scale": "The root of the width of a head, not of the model: sums of more products are larger.",
        "products": "How well each query, a row, fits each key, a column.",
        "scores": "Brought to a size of about 1, whatever the width, so that the softmax does not saturate.",
        "masked": "A query must not see what comes later.",
        "p": "The softmax turns the scores of each query into shares of its attention that add up to 1.",
        "mixed": "Each query gets the values, mixed by its shares.",
        "a": "What the heads have found stands side by side again.",
        "dmixed": "Each head receives its own part of the gradient.",
        "dp": "A share's gradient is that of the mix along its value: what more of this value would change.",
        "dv": "A value was mixed into every query's result, so it adds up their gradients, by their shares.",
        "dmasked": "Shares grow at each other's cost: what a row has in common, by its shares, is taken off.",
        "dscores": "Each row adds up to 0: to raise all scores of a query alike changes none of its shares.",
        "dproducts": "The same scale acts on the way back.",
        "dq": "Each query collects its keys, times the gradients of its row of products.",
        "dk": "Each key collects the queries that met it, times the gradients of its column of products.",
        "d_prev": "The parts of all heads are laid side by side again.",
    },
    inputs=range(1, 4, 2),
    layouts=("rows",),
)
