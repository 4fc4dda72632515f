# safetynet · 社会安全网. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run demo answers test up down sql explain working diff worklists incidents acknowledge resolve watchdog month freeze release returned \
	retake docs lint bench evaluate lock setup clean

PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$each && break; done)
VENV := .venv
READY := $(VENV)/.ready
SAFETYNET := PYTHONPATH=$(CURDIR)/plugins $(VENV)/bin/python -m safetynet
DEMO := PYTHONPATH=$(CURDIR)/plugins $(VENV)/bin/python -m safetynet.demo
export PYTHONDONTWRITEBYTECODE := 1
export Q BATCH REASON HOUSEHOLD THEN KEYS MONTHS ID BY NOTE MONTH

help: ## this menu
	@echo "safetynet · 社会安全网"; echo
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | \
		while IFS=$$'\t' read -r name text; do printf '  make %-11s %s\n' "$$name" "$$text"; done
	@echo; echo "  SAFETYNET_HOME=…       all state (default: home/ in this folder)"
	@echo "  SAFETYNET_INBOX=…      where departments put their files (default: inbox/ in the home)"
	@echo "  SAFETYNET_REFERENCE=…  divisions.csv and policy_parameter.csv (default: reference/ in the home)"
	@echo "  SAFETYNET_AS_OF=…      answer for another date than the newest (YYYY-MM-DD)"
	@echo "  SAFETYNET_KNOWN_AT=…   answer as was known by a day or moment (YYYY-MM-DD, YYYY-MM-DDTHH:MM in UTC)"

$(READY): requirements.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and was not found. / 需要 Python 3.11–3.13。"; exit 1; }
	@test ! -L $(VENV) || { echo "$(VENV) is a link, and setting up would empty what it points to: remove it. / $(VENV) 是链接，请先删除。"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "The venv module is missing: install python3-venv. / 缺少 venv 模块。"; exit 1; }
	@exec 9>$(VENV).lock; if command -v flock >/dev/null; then flock 9; fi; \
	if test $(READY) -nt requirements.lock; then exit 0; fi; \
	echo "Setting up .venv (once; a few minutes) · 正在安装（只需一次）"; \
	$(PYTHON) -m venv --clear $(VENV) && \
	$(VENV)/bin/python -m pip install --quiet --quiet --disable-pip-version-check -r requirements.lock && touch $(READY)

setup: $(READY) ## the environment alone, in .venv

run: $(READY) ## take in what is new in the inbox and build the warehouse
	@$(SAFETYNET) run

demo: $(READY) ## write a demonstration county into an empty inbox: MONTHS=12 for a year of it
	@$(DEMO) --months "$${MONTHS:-1}"

answers: $(READY) ## answer open signals of the demonstration, as townships would
	@$(DEMO) --answer

test: $(READY) ## all tests
	@$(VENV)/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

up: $(READY) ## Airflow with its UI on 127.0.0.1, watching the inbox
	@$(SAFETYNET) up

down: $(READY) ## stop what `make up` started
	@$(SAFETYNET) down

sql: $(READY) ## a read-only SQL prompt on the current warehouse (Q="select …" for one query)
	@$(SAFETYNET) sql $(if $(Q),--query "$$Q")

explain: $(READY) ## a household's whole story, for authorised readers: HOUSEHOLD=…
	@$(SAFETYNET) explain "$$HOUSEHOLD"

working: $(READY) ## build again and keep staging, identity, core, signals to look into (personal data)
	@$(SAFETYNET) working

diff: $(READY) ## what came later and changed the answer for a date: SAFETYNET_AS_OF=… SAFETYNET_KNOWN_AT=… [THEN=…] [KEYS=…]
	@$(SAFETYNET) diff $(if $(THEN),--then "$$THEN") $(if $(KEYS),--keys "$$KEYS")

worklists: $(READY) ## a workbook for each township, to take along to the door (personal data)
	@$(SAFETYNET) worklists

release: $(READY) ## release a held batch: BATCH=… REASON=… [BY=…]
	@$(SAFETYNET) release "$$BATCH" "$$REASON" "$$BY"

retake: $(READY) ## read a landed file again (its contract has grown, its lake file was lost): BATCH=… [BY=…]
	@$(SAFETYNET) retake "$$BATCH" "$$BY"

returned: $(READY) ## the file as it goes back to its department, what is wrong marked: BATCH=…
	@$(SAFETYNET) returned "$$BATCH"

incidents: $(READY) ## what failed and is not over
	@$(SAFETYNET) incidents

acknowledge: $(READY) ## say that you are at work on an incident: ID=… BY=… NOTE=…
	@$(SAFETYNET) acknowledge "$$ID" "$$BY" "$$NOTE"

resolve: $(READY) ## close an incident by hand: ID=… BY=… REASON=…
	@$(SAFETYNET) resolve "$$ID" "$$BY" "$$REASON"

watchdog: $(READY) ## look for deliveries that are late and send what waits (`make up` does it every morning)
	@$(SAFETYNET) watchdog

month: $(READY) ## who is in and who is missing from a month, and what was frozen of it: MONTH=2025-03
	@$(SAFETYNET) month "$$MONTH"

freeze: $(READY) ## keep a month's official indicators for good: MONTH=2025-03 [BY=… REASON=… where somebody is missing]
	@$(SAFETYNET) freeze "$$MONTH" "$$BY" "$$REASON"

docs: $(READY) ## dbt docs and Data Docs as static pages
	@$(SAFETYNET) docs

lint: $(READY) ## ruff, mypy, sqlfluff
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/sqlfluff lint --processes 0 --config dbt_project/.sqlfluff dbt_project/models dbt_project/tests

bench: $(READY) ## measure, beside the usual way of doing the same
	@PYTHONPATH=$(CURDIR)/plugins:$(CURDIR) $(VENV)/bin/python -m benchmarks

evaluate: $(READY) ## measure who was linked to whom against the truth of generated counties
	@PYTHONPATH=$(CURDIR)/plugins $(VENV)/bin/python -m safetynet.identify.evaluate

lock: ## write requirements.lock anew from requirements.in
	@uv pip compile --universal --python-version 3.11 --no-emit-index-url --upgrade --quiet \
		--custom-compile-command "make lock" requirements.in --output-file requirements.lock

clean: ## remove the environment and caches (never a home)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
