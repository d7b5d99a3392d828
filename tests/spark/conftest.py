"""A Spark in this process, small: two cores, little memory, few partitions."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

HAS_SPARK = importlib.util.find_spec("pyspark") is not None
collect_ignore_glob = [] if HAS_SPARK else ["test_*.py"]
"""`make test-spark` has pyspark in an environment of its own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.spark)
            # pyspark leaves its sockets to the garbage collector.
            quiet = "ignore::pytest.PytestUnraisableExceptionWarning"
            item.add_marker(pytest.mark.filterwarnings(quiet))
            item.add_marker(pytest.mark.filterwarnings("ignore::ResourceWarning"))


@pytest.fixture(scope="session", autouse=True)
def spark_configuration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """spark-defaults.conf as a user has one; its catalog `lake` cannot be loaded."""
    folder = tmp_path_factory.mktemp("spark")
    lines = {
        "spark.driver.memory": "2g",
        # Of a minute in Java, what is compiled for the long run never pays.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    lines["spark.sql.catalog.lake"] = "org.apache.spark.sql.NoSuchCatalog"
    text = "".join(f"{name} {value}\n" for name, value in lines.items())
    (folder / "spark-defaults.conf").write_text(text, encoding="utf-8")
    os.environ["SPARK_CONF_DIR"] = str(folder)
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    yield folder
    del os.environ["SPARK_CONF_DIR"]
