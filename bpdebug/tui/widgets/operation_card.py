"""The Operation card: the current statement, as code, as mathematics, and in words."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from bpdebug.present.card_lines import CardLines, card_lines
from bpdebug.present.equations import broken, equation_lines
from bpdebug.present.hanging import hanging
from bpdebug.present.operation_text import OperationText
from bpdebug.present.sum_table import table_lines
from bpdebug.tui.widgets.ledger import Ledger

LEAST, STEADY = 10, 2
"""The card has at least so many lines, where there is room for them, and a multiple of so many: with each
step, another height would move all panels below."""
FOLDED, MIDDLE, MOST = 7, 10, 13
"""The most lines that it takes from others: where it has no borders, in a low window, in a high one."""
FEWEST = 4
"""No card is lower."""


class OperationCard(Widget):
    """Shows an `OperationText`."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(id="operation")
        self.border_title = "Operation"
        self.text = OperationText()
        self.ledger = ledger
        """What lies below it, with which it shares the lines of both."""

    def show(self, text: OperationText, trail: str = "", hint: str = "") -> None:
        """Show what is to be said of the current operation.

        Parameters
        ----------
        text : OperationText
            What it is.
        trail : str
            From where a number was followed.
        hint : str
            What a key would do with the number under the cursor.
        """
        title = f"Operation · {trail} · ⌫ back" if trail else "Operation"
        if (title, hint) != (self.border_title, self.border_subtitle):
            self.border_title, self.border_subtitle = Content(title), Content(hint)
        if (
            not self.styles.gutter.top
        ):  # folded: what borders would say stands on the rule, nothing stands twice
            yours = (line.partition("yours")[2].strip() for line in text.verdict)
            code = "" if any(code and text.code.endswith(code) for code in yours) else text.code
            words = " · ".join(filter(None, (trail, hint))) or text.subject
            text = replace(text, subject=words, code=code)
        is_new, self.text = text != self.text, text
        other = self.lines_of(self.content_size.width) != self.content_size.height
        if is_new or other:
            self.refresh(layout=other)

    def lines_of(self, width: int, more: int = 0) -> int:
        """Return the lines to have, of those that card and ledger have now, and of some more."""
        roomy, tight = (len(laid_out(self.text, max(1, width), way)[1]) for way in (True, False))
        wanted = max(LEAST, -(-roomy // STEADY) * STEADY)
        frame = self.styles.gutter.height
        most = FOLDED if not frame else MIDDLE if self.screen.has_class("-middle") else MOST
        asked = CardLines(min(wanted, most), wanted, max(tight, FEWEST))
        lines = self.outer_size.height + self.ledger.outer_size.height - frame + more
        return card_lines(asked, *self.ledger.asked, width + self.styles.gutter.width, lines)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the lines to have; a window that has just changed has others than there were."""
        assert isinstance(self.parent, Widget)
        return self.lines_of(width, container.height - self.parent.size.height)

    def render(self) -> Content:
        """Lay out the card for its size; `…` says that there would be more."""
        width, height = self.content_size
        for roomy in (True, False):
            content, lines = laid_out(self.text, width, roomy)
            if len(lines) <= height:
                return content
        # At the very end of the line, where it cannot be taken for a part of a number.
        last = lines[height - 1].truncate(max(0, width - 2), pad=True)
        last = Content.assemble(last, (" …", "$text-muted"))
        return Content("\n").join([*lines[: height - 1], last])


@lru_cache(maxsize=16)
def laid_out(text: OperationText, width: int, roomy: bool) -> tuple[Content, tuple[Content, ...]]:
    """Return the card as `card_content` lays it out, and its lines: its height is asked for, too."""
    content = card_content(text, width, roomy)
    return content, tuple(content.wrap(max(1, width)))


def card_content(text: OperationText, width: int, roomy: bool) -> Content:
    """Lay out the card; what does not apply takes no line.

    Parameters
    ----------
    text : OperationText
        What to say.
    width : int
        The columns there are; an equation that is longer breaks before its equals signs.
    roomy : bool
        Whether blank lines part the formula, the words and the arithmetic.
    """
    head, shapes = head_lines(text, width, roomy)
    arithmetic = arithmetic_lines(text, width, roomy)
    words = [Content(text.why)] if text.why else []
    # What is wrong is found first; what was written, and what should be, can be read.
    verdict = [
        Content.styled(hanging(line, width), "$foreground" if number else "bold $text-error")
        for number, line in enumerate(text.verdict)
    ]
    # The sentence stands beside the shapes where both fit.
    if words and shapes and len(shapes[-1]) + len(BESIDE) + len(text.why) <= width:
        shapes[-1] = Content.assemble(shapes[-1], BESIDE, words.pop())
    if verdict and not text.code:
        parts = [verdict, words, arithmetic] if roomy else [verdict, arithmetic, words]
    elif verdict:
        # What is wrong goes before why it would be right.
        parts = [head + shapes, verdict, arithmetic] if roomy else [head, verdict, arithmetic, shapes]
    else:
        parts = [head + shapes, words, arithmetic] if roomy else [head, arithmetic, shapes, words]
    blocks = [Content("\n").join(part) for part in parts if part]
    return Content("\n\n" if roomy else "\n").join(blocks)


BESIDE = "   "
"""Between what stands on one line."""


def head_lines(text: OperationText, width: int, roomy: bool) -> tuple[list[Content], list[Content]]:
    """Write the statement, with its mathematics and its rule beside it as far as they fit; and the shapes.

    What does not fit beside it has a line of its own: mathematics that break look like several formulas.
    """
    # The equals sign of the shapes stands under that of the code, where they stand right below it.
    has_sides = roomy and "= " in text.shapes and " = " in text.code
    behind = text.code.find("=") - text.shapes.find("=") if has_sides else 0
    head = Content.assemble(" " * -behind, (text.code, "bold $text-primary"))
    shapes = [Content.styled(" " * behind + text.shapes, "$text-muted")] if text.shapes else []
    more: list[Content] = []
    for words, style in ((text.mathematics, "$text-secondary"), (text.rule, "")):
        if words and not more and len(head) + 4 + len(words) <= width:
            head = Content.assemble(head, "    ", (words, style))
        elif words:
            more.append(Content.styled(words, style))
    return [head] if text.code else [], [*shapes, *more]


def arithmetic_lines(text: OperationText, width: int, roomy: bool) -> list[Content]:
    """Write where the element comes from: what it is, the equation, and the long sums in it as tables."""
    lines = [Content.styled(rule(text.subject, width), "$text-accent")] if text.subject else []
    tables = [table_lines(table, text.digits, width) for table in text.tables]
    equation = equation_lines(text.arithmetic, width, roomy)
    if any(tables):
        # The terms stand in the table: the equation goes on with what the sum comes to.
        element, symbols, *others = text.arithmetic
        first = f"{element} = {symbols}"
        if not roomy and len(first) > width:
            for table in text.tables:  # of what they are, the tables say
                symbols = symbols.replace(table.ends, "Σ").replace("(Σ)", "Σ")
            first = f"{element} = {symbols}"
        written = [line for table in tables for line in table]
        sides = [f"{' ' * min(len(element), width // 4)} = {' = '.join(others)}"] if len(others) > 1 else []
        return [*lines, *map(Content, (*broken(first, "   ", width), *written, *sides))]
    return [*lines, *map(Content, equation)]


def rule(words: str, width: int) -> str:
    """Draw a rule across a width, with words in it."""
    return f"── {words} ".ljust(width, "─")[:width]
