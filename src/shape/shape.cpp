#include "shape/shape.hpp"

#include <algorithm>

namespace cordyna::shape {

const Field* find_field(const ObjectSpec& spec, std::string_view name) {
  const auto found = std::ranges::find(spec.fields, name, &Field::name);
  return found == spec.fields.end() ? nullptr : &*found;
}

const ObjectSpec* find_spec(Specs specs, std::string_view name) {
  const auto found =
      std::ranges::find_if(specs, [name](const ObjectSpec* spec) { return spec->name == name; });
  return found == specs.end() ? nullptr : *found;
}

}  // namespace cordyna::shape
