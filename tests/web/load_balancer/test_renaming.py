"""A table's other name is used everywhere."""

from bascule.web.load_balancer.renaming import with_table_renamed

TEXT = """\
load-balancer {
	table <exchange> { 10.2.0.11 }   # <exchange>
	relay "A" { forward to <exchange> check tcp; forward to <exchange2> }
	redirect "<exchange>" {
		forward to   <exchange>  # as A
		forward to <spare>
	}
}
firewall { table <exchange> { 10.0.0.1 } }
"""


def test_services_go_on_with_the_table() -> None:
    """Its own block is for whoever renames it; what has the same name elsewhere is something else."""
    made = with_table_renamed(TEXT, "<exchange>", "<mail-servers>")
    expected = TEXT.replace("forward to <exchange> ", "forward to <mail-servers> ")
    assert made == expected.replace("forward to   <exchange>", "forward to   <mail-servers>")
    assert with_table_renamed(TEXT, "<none>", "<mail>") == TEXT
    assert with_table_renamed(TEXT[:60], "<exchange>", "<mail>") == TEXT[:60]
