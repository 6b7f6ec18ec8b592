"""From the fields of a form to the words of statements."""

from collections.abc import Iterator, Mapping, Sequence

from bascule.config.kinds.kind import Flaw
from bascule.config.schema.clause import Clause, Literal, Value
from bascule.web.schema_forms.filled import choice_name, tick_name, ticked, value_name
from bascule.web.schema_forms.spelling import label, slug, written

Wrong = dict[str, str]
"""By the name of a field, what is not right with it."""


def words(clause: Clause, name: str, values: Mapping[str, str], wrong: Wrong) -> tuple[str, ...]:
    """Return the words of the statement that its fields say; none where they are all empty.

    `wrong` receives what is not right with a field.
    """
    options = tuple(_options(clause, name, values, wrong))
    chosen = values.get(choice_name(name), "")
    told = any(values.get(value_name(name, part)) for part in clause.parts if isinstance(part, Value))
    if not (told or chosen or options or values.get(tick_name(name))):
        return ()
    if ticked(clause) and not values.get(tick_name(name)):
        wrong[tick_name(name)] = f"tick it, or leave empty what belongs to it: {label(clause.options[0].word)}"
    picked = _picked(clause, name, values, wrong) if clause.choices else ()
    return (*clause.words, *_parts(clause, name, values, wrong), *picked, *options)


def _options(clause: Clause, name: str, values: Mapping[str, str], wrong: Wrong) -> Iterator[str]:
    for option in _in_order(clause):
        yield from words(option, f"{name}.{slug(option.word)}", values, wrong)


def _in_order(clause: Clause) -> Sequence[Clause]:
    """Return options in the table's order; those come first that another before them would take for its own."""
    claimed: set[str] = set()
    first: list[Clause] = []
    for option in clause.options:
        if option.word in claimed:
            first.append(option)
        claimed |= {inner.word for each in (option, *option.choices) for inner in each.options}
    return (*first, *(option for option in clause.options if option not in first))


def _parts(clause: Clause, name: str, values: Mapping[str, str], wrong: Wrong) -> Iterator[str]:
    for part in clause.parts:
        if isinstance(part, Literal):
            yield part.word
            continue
        field = value_name(name, part)
        typed = values.get(field, "")
        if not typed:
            if not part.optional:
                wrong[field] = f"needed: {part.kind.what}"
            continue
        word = written(part.kind, typed)
        if isinstance(word, Flaw):
            wrong[field] = f"{word.message} ({word.hint})" if word.hint else word.message
        else:
            yield word


def _picked(clause: Clause, name: str, values: Mapping[str, str], wrong: Wrong) -> tuple[str, ...]:
    """Return the words of a choice, which stands as soon as it is chosen."""
    field = choice_name(name)
    chosen = values.get(field, "")
    picked = next((each for each in clause.choices if slug(each.title) == chosen), None)
    if picked is None:
        wrong[field] = "choose one"
        return ()
    within = f"{name}.{chosen}"
    return (
        *picked.words,
        *_parts(picked, within, values, wrong),
        *_options(picked, within, values, wrong),
    )
