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

# Those of the integration tests that nothing in real time depends on: no sound, no picture, no bad network.
server_tests := $(wildcard $(addprefix tests/integration/test_,janus_* packaged_* redis_* server_* shared_* signaling_*))

.PHONY: run env dev lint format unit gui integration servers media end2end test coverage audit installers release

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

integration: dev
	$(pytest) tests/integration $(PYTEST_ARGS)

servers: dev
	$(pytest) $(server_tests) $(PYTEST_ARGS)

# They wait more than they work: three at a time take little more than half of the two cores.
media: dev
	$(pytest) -n 3 --dist loadfile tests/integration $(addprefix --ignore=,$(server_tests)) $(PYTEST_ARGS)

# Those that take both cores for themselves: rooms of many, and calls whose holes are counted.
whole_machine := $(wildcard tests/integration/test_sfu_on_a_bad_network.py $(addprefix tests/end2end/test_,rooms.py \
	room_views.py server_lost.py guest_crowds.py guest_sfu.py together.py))

end2end: dev
	$(pytest) -n 2 --dist loadfile tests/end2end $(addprefix --ignore=,$(whole_machine)) $(PYTEST_ARGS)
	$(pytest) $(whole_machine) $(PYTEST_ARGS)

# The fastest first, also under make -j. What waits for networks and devices has the machine for itself.
test: dev
	$(MAKE) lint
	$(MAKE) -j2 --output-sync=target unit gui servers
	$(MAKE) media
	$(MAKE) end2end
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
