# The commands of this project. On a fresh Debian or Ubuntu with git, make and Python 3.11 or newer:
#   make run     open the application          make run ARGS="--join https://HOST:PORT/r/ROOM#fp=..." joins
#   make env     only make the environment, in .venv
#   make test    the checks and all tests, what CI runs
#   make installers   what people install, in dist/ (packaging/build.py)      ARGS="--only deb" and the like choose
#   make release checks that changelog, tag and version are ready; make release ARGS=--tag makes the tag
# Each brings the environment up to date first, and does nothing when it is.

ARGS ?=
PYTEST_ARGS ?=

setup := packaging/setup
with_python := sh $(setup)/with-python
bin := .venv/bin
pytest := $(bin)/python -m pytest

# The unit tests run in a process in which PySide6 cannot be imported (tests/unit/without_qt.py).
unit_tests := $(pytest) -p no:pytest-qt -p tests.unit.without_qt tests/unit $(PYTEST_ARGS)
gui_tests := QT_QPA_PLATFORM=offscreen $(pytest) tests/gui $(PYTEST_ARGS)

.PHONY: run env dev lint format unit gui integration end2end whole test coverage audit installers release

run:
	@$(with_python) -c 'import sys; from desktop_app.display import missing_display; sys.exit(missing_display())'
	@$(with_python) $(setup)/system_packages.py run
	@$(with_python) $(setup)/environment.py
	@exec $(bin)/python -m desktop_app $(ARGS)

env:
	@$(with_python) $(setup)/system_packages.py env
	@$(with_python) $(setup)/environment.py

dev:
	@$(with_python) $(setup)/system_packages.py test
	@$(with_python) $(setup)/environment.py --dev

lint: dev
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy
	$(bin)/lint-imports

format: dev
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

unit: dev
	$(unit_tests)

gui: dev
	$(gui_tests)

# Those that take both cores for themselves: rooms of many, and calls whose holes are counted.
whole_machine := $(wildcard tests/integration/test_sfu_on_a_bad_network.py $(addprefix tests/end2end/test_,rooms.py \
	room_views.py server_lost.py guest_crowds.py guest_sfu.py together.py))

# So many at a time of a folder, without those; the longest files are begun first (tests/longest_first.py), so that
# the workers end together.
beside_each_other = $(pytest) -n $(1) --dist loadfile --no-loadscope-reorder $(2) \
	$(addprefix --ignore=,$(whole_machine)) $(PYTEST_ARGS)

# They wait more than they work: three at a time take about half of the two cores.
integration: dev
	$(call beside_each_other,3,tests/integration)

end2end: dev
	$(call beside_each_other,2,tests/end2end)

whole: dev
	$(pytest) $(whole_machine) $(PYTEST_ARGS)

# The fastest first, also under make -j. What waits for networks and devices has the machine for itself.
test: dev
	$(MAKE) -j2 --output-sync=target lint unit gui
	$(MAKE) integration
	$(MAKE) end2end
	$(MAKE) whole
	@$(with_python) packaging/build.py --if-changed

# In an environment of its own; build.py says what it needs of the system.
installers:
	@$(with_python) packaging/build.py $(ARGS)

coverage: dev
	$(bin)/coverage erase
	$(bin)/coverage run -m $(patsubst $(bin)/python -m %,%,$(unit_tests))
	QT_QPA_PLATFORM=offscreen $(bin)/coverage run -m pytest tests/gui $(PYTEST_ARGS)
	$(bin)/coverage run -m pytest tests/integration $(PYTEST_ARGS)
	$(bin)/coverage combine
	$(bin)/coverage report

# Known vulnerabilities of what is installed, from the Python Packaging Advisory Database; needs the internet.
audit: dev
	$(bin)/python -m pip install --quiet --editable '.[audit]'
	$(bin)/pip-audit --skip-editable --strict

# No environment is needed for it.
release:
	@$(with_python) packaging/release.py $(ARGS)
