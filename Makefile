# Each target is one line that calls a script; the scripts say what they need.
.PHONY: run dev test check bench dist

run:   ; @scripts/run
dev:   ; @scripts/dev
test:  ; @scripts/test
check: ; @scripts/check
bench: ; @scripts/bench
dist:  ; @scripts/dist
