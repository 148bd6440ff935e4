#include "shape/shape.hpp"

#include <algorithm>

namespace cordyna::shape {

const ObjectSpec* find_spec(Specs specs, std::string_view name) {
  const auto found =
      std::ranges::find_if(specs, [name](const ObjectSpec* spec) { return spec->name == name; });
  return found == specs.end() ? nullptr : *found;
}

}  // namespace cordyna::shape
