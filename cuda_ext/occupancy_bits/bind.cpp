#include <optional>
#include <stdexcept>

#include "common/registry.h"
#include "occupancy_bits/op.h"

namespace pcc {
namespace {

template <class T> using Array4 = nb::ndarray<T, nb::ndim<4>, nb::c_contig, nb::device::cpu>;

using Floats3 = Array3<const float>;
using Bytes1 = Array1<const uint8_t>;

HeadBitsShape shape_of(const Array2<const float>& feats, const Floats3& weight1, const Floats3& bias1, const Floats3& weight3) {
  return {static_cast<int64_t>(feats.shape(0)), static_cast<int>(weight1.shape(1)), static_cast<int>(weight1.shape(2)),
          static_cast<int>(weight1.shape(0)),   static_cast<int>(weight3.shape(1)), static_cast<int>(bias1.shape(0))};
}

// Shapes are checked in src/pcc/ops/occupancy_bits.py.
double bits(Array2<const float> feats, Array2<const int32_t> neighbours, Bytes1 occupancy, Bytes1 target, Bytes1 octants,
            Array1<const int32_t> rows, Bytes1 colour_of, Array3<const uint8_t> masks, Floats3 weight1,
            Array4<const float> context, Floats3 bias1, Floats3 weight2, Array2<const float> bias2, Floats3 weight3,
            Array2<const float> bias3, float step, bool quantised, nb::list grads) {
  const HeadBitsShape shape = shape_of(feats, weight1, bias1, weight3);
  const HeadNodes nodes{feats.data(), neighbours.data(), occupancy.data(), target.data(), octants.data(), rows.data(),
                        static_cast<int64_t>(rows.shape(0)), colour_of.data(), masks.data()};
  const HeadArrays<const float> weights{weight1.data(), context.data(), bias1.data(), weight2.data(),
                                        bias2.data(),   weight3.data(), bias3.data()};
  float* pointers[8] = {};
  if (nb::len(grads) != 0 && nb::len(grads) != 8) throw nb::value_error("grads: expected none or eight");
  for (size_t i = 0; i < nb::len(grads); i++)
    pointers[i] = nb::cast<nb::ndarray<float, nb::c_contig, nb::device::cpu>>(grads[i], false).data();  // no copy
  const HeadArrays<float> out{pointers[1], pointers[2], pointers[3], pointers[4], pointers[5], pointers[6], pointers[7]};
  nb::gil_scoped_release release;
  return occupancy_bits(shape, nodes, weights, step, quantised, pointers[0] ? &out : nullptr, pointers[0]);
}

void decide(Array2<const float> feats, Array2<const int32_t> neighbours, Array1<uint8_t> occupancy, Bytes1 target,
            Bytes1 octants, Array1<const int32_t> rows, Bytes1 colour_of, Array3<const uint8_t> masks, Floats3 weight1, Array4<const float> context, Floats3 bias1, Floats3 weight2, Array2<const float> bias2,
            Floats3 weight3, Array2<const float> bias3, float step, bool quantised, int group, float threshold) {
  const HeadBitsShape shape = shape_of(feats, weight1, bias1, weight3);
  const HeadNodes nodes{feats.data(), neighbours.data(), occupancy.data(), target.data(), octants.data(), rows.data(),
                        static_cast<int64_t>(rows.shape(0)), colour_of.data(), masks.data()};
  const HeadArrays<const float> weights{weight1.data(), context.data(), bias1.data(), weight2.data(),
                                        bias2.data(),   weight3.data(), bias3.data()};
  if (group < 0 || group >= shape.groups) throw nb::value_error("group: there is no such");
  nb::gil_scoped_release release;
  occupancy_decide(shape, nodes, weights, step, quantised, group, threshold, occupancy.data());
}

const Registrar registrar([](nb::module_& m) {
  m.def("occupancy_decide", &decide, nb::arg("feats").noconvert(), nb::arg("neighbours").noconvert(),
        nb::arg("occupancy").noconvert(), nb::arg("target").noconvert(), nb::arg("octants").noconvert(),
        nb::arg("rows").noconvert(), nb::arg("colour_of").noconvert(), nb::arg("masks").noconvert(),
        nb::arg("weight1").noconvert(), nb::arg("context").noconvert(), nb::arg("bias1").noconvert(),
        nb::arg("weight2").noconvert(), nb::arg("bias2").noconvert(), nb::arg("weight3").noconvert(),
        nb::arg("bias3").noconvert(), nb::arg("step"), nb::arg("quantised"), nb::arg("group"), nb::arg("threshold"));
  m.def("occupancy_bits", &bits, nb::arg("feats").noconvert(), nb::arg("neighbours").noconvert(),
        nb::arg("occupancy").noconvert(), nb::arg("target").noconvert(), nb::arg("octants").noconvert(),
        nb::arg("rows").noconvert(), nb::arg("colour_of").noconvert(), nb::arg("masks").noconvert(),
        nb::arg("weight1").noconvert(),
        nb::arg("context").noconvert(), nb::arg("bias1").noconvert(), nb::arg("weight2").noconvert(),
        nb::arg("bias2").noconvert(), nb::arg("weight3").noconvert(), nb::arg("bias3").noconvert(), nb::arg("step"),
        nb::arg("quantised"), nb::arg("grads"));
});

}  // namespace
}  // namespace pcc
