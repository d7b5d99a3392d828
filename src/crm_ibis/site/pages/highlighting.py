"""SQL in colour, with few and short marks: there is much of it."""

from functools import cache

from markupsafe import Markup, escape
from pygments.lexers.sql import SqlLexer
from pygments.token import Comment, Keyword, Name, Number, String, _TokenType

COLOURS = ((Keyword, "k"), (Name.Builtin, "f"), (String, "s"), (Number, "m"), (Comment, "c"))
# To Pygments a name in double quotes is a string.
QUOTED_NAME = String.Symbol


def highlight(sql: str) -> Markup:
    """The query as HTML; its text is unchanged."""
    parts = (_span(kind, text) for kind, text in SqlLexer(stripnl=False).get_tokens(sql))
    return Markup("".join(parts))


def _span(kind: _TokenType, text: str) -> str:
    colour = _colour(kind)
    return f'<span class="{colour}">{escape(text)}</span>' if colour else str(escape(text))


@cache  # a site has some hundred thousand tokens, of two dozen kinds
def _colour(kind: _TokenType) -> str | None:
    return next((c for family, c in COLOURS if kind in family and kind != QUOTED_NAME), None)
