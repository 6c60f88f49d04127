"""Mount the shipped catalog (`catalog/`) inside the package as `healthsim_lake.builtin`."""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["healthsim_lake", "healthsim_lake.*"]),
        "healthsim_lake.builtin",
    ],
    package_dir={"healthsim_lake.builtin": "catalog"},
)
