"""Training scripts of common modules, as people write them: the right gradients are torch's own."""

from __future__ import annotations

HEAD = """\
import math
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
"""
TAIL = """\
loss = {loss}
optimizer.zero_grad()
loss.backward()
optimizer.step()
print(loss.item())
"""
SCRIPTS = {
    "perceptron": (
        "net = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3), nn.Sigmoid())\n"
        "x, y = torch.randn(6, 4), torch.rand(6, 3)\n",
        "out = net(x)\n",
        "F.binary_cross_entropy(out, y)",
    ),
    "lenet": (
        "net = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),\n"
        "                    nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(4, 3))\n"
        "x, y = torch.randn(5, 1, 8, 8), torch.randint(0, 3, (5,))\n",
        "out = net(x)\n",
        "F.cross_entropy(out, y)",
    ),
    "residual block": (
        "class Block(nn.Module):\n"
        "    def __init__(self, n):\n"
        "        super().__init__()\n"
        "        self.conv1, self.bn1 = nn.Conv2d(n, n, 3, padding=1, bias=False), nn.BatchNorm2d(n)\n"
        "        self.conv2, self.bn2 = nn.Conv2d(n, n, 3, padding=1, bias=False), nn.BatchNorm2d(n)\n"
        "        self.relu = nn.ReLU(inplace=True)\n"
        "    def forward(self, x):\n"
        "        out = self.relu(self.bn1(self.conv1(x)))\n"
        "        out = self.bn2(self.conv2(out))\n"
        "        out += x\n"
        "        return self.relu(out)\n"
        "net = Block(2)\n"
        "x, y = torch.randn(4, 2, 5, 5), torch.randn(4, 2, 5, 5)\n",
        "out = net(x)\n",
        "((out - y) ** 2).mean()",
    ),
    "u-net": (
        "down = nn.Conv2d(1, 3, 3, padding=1)\n"
        "inner = nn.Conv2d(3, 3, 3, padding=1)\n"
        "up = nn.Upsample(scale_factor=2)\n"
        "last = nn.Conv2d(6, 1, 1)\n"
        "net = nn.ModuleList([down, inner, last])\n"
        "x, y = torch.randn(2, 1, 6, 6), torch.randn(2, 1, 6, 6)\n",
        "h = F.leaky_relu(down(x))\n"
        "g = F.silu(inner(F.max_pool2d(h, 2)))\n"
        "out = last(torch.cat([h, up(g)], dim=1))\n",
        "F.mse_loss(out, y)",
    ),
    "lstm": (
        "net = nn.LSTM(3, 4, batch_first=True)\n"
        "head = nn.Linear(4, 2)\n"
        "x, y = torch.randn(2, 3, 3), torch.randn(2, 2)\n",
        "states, (h, c) = net(x)\nout = head(states[:, -1])\n",
        "F.mse_loss(out, y)",
    ),
    "gru": (
        "net = nn.GRU(3, 4)\nx, y = torch.randn(3, 2, 3), torch.randn(2, 4)\n",
        "states, h = net(x)\nout = h[0]\n",
        "F.smooth_l1_loss(out, y)",
    ),
    "transformer layer": (
        "net = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)\n"
        "x, y = torch.randn(2, 3, 8), torch.randn(2, 3, 8)\n",
        "out = net(x)\n",
        "((out - y) ** 2).mean()",
    ),
    "gpt block": (
        "class Block(nn.Module):\n"
        "    def __init__(self, d, heads):\n"
        "        super().__init__()\n"
        "        self.heads = heads\n"
        "        self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)\n"
        "        self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)\n"
        "        self.mlp = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))\n"
        "    def forward(self, x):\n"
        "        b, t, d = x.shape\n"
        "        q, k, v = self.qkv(self.ln1(x)).split(d, dim=2)\n"
        "        n = self.heads\n"
        "        q, k, v = (one.view(b, t, n, d // n).transpose(1, 2) for one in (q, k, v))\n"
        "        att = q @ k.transpose(-2, -1) / math.sqrt(k.size(-1))\n"
        "        att = att.masked_fill(torch.tril(torch.ones(t, t)) == 0, float('-inf'))\n"
        "        y = F.softmax(att, dim=-1) @ v\n"
        "        x = x + self.proj(y.transpose(1, 2).contiguous().view(b, t, d))\n"
        "        return x + self.mlp(self.ln2(x))\n"
        "embed = nn.Embedding(7, 8)\n"
        "net = nn.Sequential(Block(8, 2))\n"
        "head = nn.Linear(8, 7, bias=False)\n"
        "x, y = torch.randint(0, 7, (2, 4)), torch.randint(0, 7, (2, 4))\n",
        "out = head(net(embed(x)))\n",
        "F.cross_entropy(out.view(-1, 7), y.view(-1))",
    ),
    "transposed convolution": (
        "net = nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1)\n"
        "x, y = torch.randn(2, 2, 3, 3), torch.randn(2, 3, 5, 5)\n",
        "out = net(x)\n",
        "(out - y).abs().mean()",
    ),
    "rotary block": (
        "class RMSNorm(nn.Module):\n"
        "    def __init__(self, d):\n"
        "        super().__init__()\n"
        "        self.weight = nn.Parameter(torch.ones(d))\n"
        "    def forward(self, x):\n"
        "        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight\n"
        "def rotate(x, cos, sin):\n"
        "    a, b = x.chunk(2, dim=-1)\n"
        "    return x * cos + torch.cat((-b, a), dim=-1) * sin\n"
        "angles = torch.outer(torch.arange(3.0), torch.tensor([1.0, 0.1])).repeat(1, 2)\n"
        "norm, wq, wk, wv = RMSNorm(4), *(nn.Linear(4, 4, bias=False) for _ in range(3))\n"
        "gate, up = nn.Linear(4, 6, bias=False), nn.Linear(4, 6, bias=False)\n"
        "down = nn.Linear(6, 4, bias=False)\n"
        "net = nn.ModuleList([norm, wq, wk, wv, gate, up, down])\n"
        "x, y = torch.randn(2, 3, 4), torch.randn(2, 3, 4)\n",
        "h = norm(x)\n"
        "q, k = (rotate(w(h), angles.cos(), angles.sin()) for w in (wq, wk))\n"
        "h = x + F.scaled_dot_product_attention(q, k, wv(h), is_causal=True)\n"
        "out = h + down(F.silu(gate(h)) * up(h))\n",
        "((out - y) ** 2).mean()",
    ),
    "mobile block": (
        "net = nn.Sequential(nn.Conv2d(2, 4, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU6(),\n"
        "                    nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False), nn.BatchNorm2d(4),\n"
        "                    nn.Hardtanh(), nn.Conv2d(4, 2, 1, bias=False))\n"
        "x, y = torch.randn(3, 2, 4, 4), torch.randn(3, 2, 4, 4)\n",
        "out = x + net(x)\n",
        "((out - y) ** 2).mean()",
    ),
    "variational autoencoder": (
        "net = nn.ModuleDict({'enc': nn.Linear(6, 5), 'mu': nn.Linear(5, 2), 'var': nn.Linear(5, 2),\n"
        "                     'dec': nn.Linear(2, 6)})\n"
        "x = torch.rand(4, 6)\n",
        "h = F.elu(net['enc'](x))\n"
        "mu, logvar = net['mu'](h), net['var'](h)\n"
        "z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)\n"
        "out = net['dec'](z)\n",
        "F.binary_cross_entropy_with_logits(out, x) - 0.5 * (1 + logvar - mu ** 2 - logvar.exp()).mean()",
    ),
}
"""What it is -> (modules and data, the forward pass, the loss)."""
OPTIMIZERS = (
    "torch.optim.SGD(parameters, lr=0.1)",
    "torch.optim.SGD(parameters, lr=0.1, momentum=0.9, weight_decay=0.01)",
    "torch.optim.Adam(parameters, lr=0.01)",
    "torch.optim.AdamW(parameters, lr=0.01)",
)


def script(name: str, optimizer: str = OPTIMIZERS[0]) -> str:
    """Return the text of a script, one iteration of training."""
    modules, forward, loss = SCRIPTS[name]
    parameters = "modules = [one for one in list(globals().values()) if isinstance(one, nn.Module)]\n"
    parameters += "parameters = [one for module in modules for one in module.parameters()]\n"
    parameters += "parameters = list(dict.fromkeys(parameters))\n"
    return f"{HEAD}{modules}{parameters}optimizer = {optimizer}\n{forward}{TAIL.format(loss=loss)}"
