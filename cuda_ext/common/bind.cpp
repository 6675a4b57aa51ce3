// Python names of what belongs to no op: instruction sets and threads.
#include "common/isa.h"
#include "common/registry.h"
#include "common/threads.h"
#include "common/workers.h"

namespace pcc {
namespace {

nb::list available_isas() {
  nb::list names;
  for (int i = 0; i <= static_cast<int>(detected_isa()); i++) names.append(isa_name(static_cast<Isa>(i)));
  return names;
}

const Registrar registrar([](nb::module_& m) {
  active_isa();   // a wrong PCC_ISA fails the import, with its reason, and nothing later
  num_threads();  // what the environment says at the start counts
  prepare_to_throw();
  m.def("isa", [] { return isa_name(active_isa()); });
  m.def("set_isa", [](const std::string& name) { set_isa(isa_named(name)); });
  m.def("available_isas", &available_isas);
  m.def("num_threads", &num_threads);
  m.def("set_num_threads", &set_num_threads);
});

}  // namespace
}  // namespace pcc
