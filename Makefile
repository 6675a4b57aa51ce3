# The two commands of the README: `make demo` and `make test`. Both make their own virtual environment in .venv.
#   make test TORCH=torch==2.10.0      another PyTorch
#   make test PYTEST_ARGS="tests/ops -x"
PYTHON ?= python3
VENV ?= .venv
TORCH ?= $(shell grep -m1 '^torch' constraints.txt)
PYTEST_ARGS ?=
BIN := $(VENV)/bin
SOURCES := pyproject.toml constraints.txt $(wildcard cuda_ext/CMakeLists.txt cuda_ext/*.cpp cuda_ext/*/*.h cuda_ext/*/*.cpp cuda_ext/*/*.cu)

.PHONY: demo test lint sanitize fuzz results install clean

demo: install
	$(BIN)/python -m pcc.evaluation.demo data/sample
	$(BIN)/python train.py experiment=smoke overwrite=true
	$(BIN)/python eval.py data=eval_sample model=runs/smoke/smoke.safetensors

test: install
	$(BIN)/python -m pytest $(or $(PYTEST_ARGS),-n auto)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The kernels' tests with AddressSanitizer and UndefinedBehaviorSanitizer, those of threads with ThreadSanitizer; GCC, Linux.
# `-S` leaves out the editable installation, so that the sanitized copy is imported; findings end the tests (docs/fuzzing.md).
SANITIZED := build/sanitized
SITE = $(shell $(BIN)/python -c "import sysconfig; print(sysconfig.get_path('platlib'))")
LIBRARY = $(shell gcc -print-file-name=$(1).so)
SANITIZED_PYTEST = setarch -R env LD_PRELOAD="$(call LIBRARY,lib$(1)) $(call LIBRARY,libstdc++)" \
	PYTHONPATH=$(SANITIZED)/$(1):$(SITE) $(BIN)/python -S -m pytest -p no:cacheprovider
sanitize: $(SANITIZED)/asan/installed $(SANITIZED)/tsan/installed
	ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
		$(call SANITIZED_PYTEST,asan) $(or $(PYTEST_ARGS),tests/ops tests/codec/test_golden.py tests/codec/test_golden_geometry.py)
	TSAN_OPTIONS=suppressions=tests/fuzz/tsan.supp:die_after_fork=0:log_path=$(SANITIZED)/report \
		$(call SANITIZED_PYTEST,tsan) $(or $(PYTEST_ARGS),$(shell grep -lE "threads|ThreadPool" tests/ops/test_*.py))

$(SANITIZED)/asan/installed: KINDS = address,undefined,float-cast-overflow
$(SANITIZED)/tsan/installed: KINDS = thread
$(SANITIZED)/%/installed: $(SOURCES) $(VENV)/installed
	rm -rf $(@D)
	$(BIN)/python -m pip install --quiet --no-deps --target $(@D) -C build-dir=$(@D)-build -C cmake.build-type=RelWithDebInfo \
		-C cmake.define.PCC_SANITIZE=$(KINDS) .
	touch $@

# All fuzz targets for so many minutes in total; new findings lie in tests/fuzz/cases (docs/fuzzing.md).
MINUTES ?= 10
fuzz: install
	$(BIN)/python -c "import atheris" 2> /dev/null || $(BIN)/python -m pip install --quiet "atheris>=3" || true
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES) $(TARGETS)

# All figures of results/ anew; needs the public clouds (PCC_DATA, PCC_LABELS) and for G-PCC a tmc3 (PCC_TMC3).
RUN = $(BIN)/python eval.py data=eval_public 'rates=[lossless,ctc]' store=null pictures=[]
LIDAR = $(BIN)/python eval.py data=eval_lidar store=null pictures=[] repeats=3
GPCC = gpcc_octree,gpcc_octree_angular,gpcc_predictive_angular
DRIVE = $(PCC_LABELS)/drive_0005
results: install
	$(BIN)/python -m pcc.evaluation.perception --frames $(PCC_DATA)/kitti_raw_drive0005_000-089 --oxts $(DRIVE)/oxts \
		--imu-to-velo $(DRIVE)/calib_imu_to_velo.txt --lengths 5,10,15,20,25,30 --step 1 --json results/odometry.json \
		$(foreach c,pcc-lattice pcc-lidar,$(foreach e,0.01 0.05 0.25,--codec $(c):max_error=$(e)) --codec $(c)) \
		$(foreach e,0.02 0.1 0.5,--codec draco:voxel_size=$(e) --codec pcc-lidar:voxel_size=$(e),duplicates=merge)
	PCC_LASERS=hdl64e $(RUN) 'models=[auto,dense-fast,dense-free]' 'tasks=[results/odometry.json]' hydra.run.dir=results/geometry \
		name=geometry 'anchor=[$(GPCC),gpcc_octree_planar,gpcc_trisoup,gpcc_predictive,draco,laszip,zstd,xz]'
	PCC_LASERS=hdl64e $(RUN) 'models=[auto]' fields=all hydra.run.dir=results/fields name=fields \
		'anchor=[$(GPCC),laszip,zstd,xz]'
	$(BIN)/pcc sensor untwist $(PCC_DATA)/kitti_odometry00_000094-000095/000094.bin -o $(PCC_DATA)/untwisted/kitti_odometry00_000094.ply
	$(BIN)/pcc sensor untwist $(PCC_DATA)/semantickitti_labelled_a/*.bin -o $(PCC_DATA)/untwisted/semantickitti_labelled_a.ply
	PCC_LASERS=hdl64e $(LIDAR) name=lidar 'rates=[lossless,bounds]' 'models=[auto,lattice-fast,lidar]' \
		'anchor=[$(GPCC),draco]' 'tasks=[results/odometry.json]' hydra.run.dir=results/lidar
	$(BIN)/python eval.py data=eval_dense store=null pictures=[] repeats=3 name=lossy hydra.run.dir=results/lossy 'models=[auto]' \
		'rates=[{rates: [lossless,qualities], codecs: ["pcc-*"]},{rates: [ctc], codecs: ["gpcc-*"]}]' \
		'anchor=[gpcc_octree,gpcc_trisoup]' bd_anchor=gpcc-trisoup
	PCC_LASERS=hdl64e $(LIDAR) name=lidar_curves 'rates=[{rates: [bounds], codecs: ["pcc-*"]},{rates: [ctc], codecs: ["gpcc-*"]}]' \
		'models=[auto]' 'anchor=[$(GPCC)]' bd_anchor=gpcc-predictive-angular hydra.run.dir=results/lidar_curves

install: $(VENV)/installed

# Editable: tests and scripts use the sources here; a change under cuda_ext builds the extension anew.
$(VENV)/installed: $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet "$(TORCH)"
	echo "$(TORCH)" > $(VENV)/constraints.txt
	$(BIN)/python -m pip install --quiet -c $(VENV)/constraints.txt -e ".[train,eval,cluster,io,dev]"
	touch $@

clean:
	rm -rf $(VENV) build runs outputs
