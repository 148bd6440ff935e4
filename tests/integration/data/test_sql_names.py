"""The tables that the flow's own scanner finds in the SQL of a transform, beside those that DuckDB's
parser finds: no table may be missed, whatever the SQL. A name too many costs an edge between tasks.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))
DUCKDB = os.environ.get("DYNA_DUCKDB", str(ROOT / "build" / "libexec" / "cordyna" / "duckdb"))
TASKS = ["sales", "zips", "my-task.v2", "big", "day"]

# The SQL, and the names that the scanner finds beyond DuckDB's tables.
CASES = {
    "plain": ("select * from sales", set()),
    "case": ("SELECT * FROM SALES JOIN Zips USING (zip)", set()),
    "quoted": ('select * from "my-task.v2" as m, "Sales" s', set()),
    "comma": ("from sales, zips, big", set()),
    "strings": ("select 'from zips', E'it\\'s zips', $$ zips $$, $t$ big $t$ from sales", set()),
    "comments": ("select 1 -- from zips\nfrom sales /* big /* zips */ big */", set()),
    "cte": ("with a as (select * from sales) select * from a join zips using (zip)", set()),
    "cte_shadows": ("with zips as (select * from sales) select * from zips", {"zips"}),
    "cte_shadows_itself": (
        "with recursive big(n) as (select 1 union all select n + 1 from big where n < 5) "
        "select * from big, sales",
        {"big"},
    ),
    "cte_materialized": (
        "with a as materialized (from sales), b as not materialized (from zips) from a, b",
        set(),
    ),
    "subquery": (
        "select * from sales where zip in (select code from zips) and exists (from big b)",
        set(),
    ),
    "scalar": ("select (select max(n) from big) as n, s.* from sales s", set()),
    "lateral": (
        "select * from sales s, lateral (select * from zips z where z.code = s.zip) t",
        set(),
    ),
    "sets": ("select 1 from sales union all (select 2 from zips except select 3 from big)", set()),
    "joins": ("from sales asof left join zips z on sales.day >= z.day positional join big", set()),
    "unpivot": ("unpivot sales on price, n into name k value v", set()),
    "values": ("select * from (values (1), (2)) as big(zips) join sales on true", {"zips"}),
    "window": (
        "select *, row_number() over (partition by zip order by day) r from sales qualify r = 1",
        {"day"},
    ),
    "column_called_so": ("select day, big from sales", {"day", "big"}),
    "function_called_so": ("select day(d) from sales", set()),
    "alias_called_so": ("select x as day, y zips from sales as big", {"zips"}),
    "unnest": ("select unnest([1, 2]) as n from sales, unnest([3]) as u(zips)", {"zips"}),
    "struct": ("select {'zips': 1}.zips, sales.big from sales", set()),
    "lambda": ("select list_transform([1], lambda day: day + 1) from sales", {"day"}),
    "schema": ("select * from main.sales, memory.main.zips", set()),
    "from_first": ("from sales select zip where zip > 1 limit 1", set()),
    "star": ("select * exclude (day) replace (n as n) from sales", {"day"}),
    "semi": ("from sales semi join zips using (zip) anti join big using (n)", set()),
    "tablesample": ("from sales tablesample 10%", set()),
    "interval": ("select d + interval 1 day from sales", {"day"}),
}


def table_names(node: object, hidden: frozenset[str]) -> set[str]:
    """Base tables of DuckDB's tree, without those that are CTEs where they stand."""
    found: set[str] = set()
    if isinstance(node, list):
        for item in node:
            found |= table_names(item, hidden)
    if not isinstance(node, dict):
        return found
    entries = (node.get("cte_map") or {}).get("map") or []
    for entry in entries:
        inside = hidden | {entry["key"].lower()}
        # A CTE sees itself only where it is recursive; the ones before it always.
        recursive = "RECURSIVE" in json.dumps(entry["value"])
        found |= table_names(entry["value"], inside if recursive else hidden)
        hidden = inside
    if node.get("type") == "BASE_TABLE" and node["table_name"].lower() not in hidden:
        found.add(node["table_name"].lower())
    for key, value in node.items():
        if key != "cte_map":
            found |= table_names(value, hidden)
    return found


def parsed(sql: str) -> dict:
    quoted = sql.replace("'", "''")
    done = subprocess.run(
        [DUCKDB, "-no-init", "-batch", "-noheader", "-list", "-c",
         f"select json_serialize_sql('{quoted}')"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    tree = json.loads(done.stdout)
    assert not tree["error"], tree
    return tree


def needs(folder: Path, sql: str) -> set[str]:
    tasks = [{"id": name, "type": "load", "from": f"{i}.csv"} for i, name in enumerate(TASKS)]
    tasks.append({"id": "t", "type": "transform", "sql": sql})
    path = folder / "flow.yaml"
    path.write_text(json.dumps({"id": "f", "tasks": tasks}), encoding="utf-8")
    done = subprocess.run(
        [DYNA, "show", str(path), "t", "--json"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout)["needs"])


@pytest.mark.parametrize("name", CASES)
def test_the_scanner_misses_no_table_that_duckdbs_parser_finds(name: str, tmp_path: Path) -> None:
    sql, more = CASES[name]
    tables = table_names(parsed(sql), frozenset()) & set(TASKS)
    assert tables
    assert needs(tmp_path, sql) == tables | more


def test_the_scanner_reads_what_duckdb_cannot_serialize(tmp_path: Path) -> None:
    sql = "from (pivot sales on zip using sum(price) group by id) join zips using (id)"
    with pytest.raises(AssertionError, match="Only SELECT statements"):
        parsed(sql)
    assert needs(tmp_path, sql) == {"sales", "zips"}
