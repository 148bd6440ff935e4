#include "shape/json_schema.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace cordyna::shape {
namespace {

namespace json = boost::json;

json::object ref_to(std::string_view refs, std::string_view name) {
  return {{"$ref", fmt::format("{}{}", refs, name)}};
}

json::object list_of(json::object items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}

json::object integer_schema(const Field& field) {
  json::object schema{{"type", "integer"}, {"format", "int64"}, {"minimum", field.min}};
  if (field.max > 0) schema["maximum"] = field.max;
  return schema;
}

json::object string_schema(const Field& field) {
  json::object schema{{"type", "string"}};
  if (field.max > 0) schema["maxLength"] = field.max;
  if (field.values.empty()) return schema;
  json::array values;
  for (const std::string_view value : field.values) values.emplace_back(value);
  schema["enum"] = std::move(values);
  return schema;
}

}  // namespace

json::object schema_of(const Field& field, std::string_view refs) {
  switch (field.type) {
    case ValueType::kString: return string_schema(field);
    case ValueType::kInteger: return integer_schema(field);
    case ValueType::kNumber: return {{"type", "number"}};
    case ValueType::kBoolean: return {{"type", "boolean"}};
    case ValueType::kTime: return {{"type", "string"}, {"format", "date-time"}};
    case ValueType::kObject: return {{"type", "object"}};
    case ValueType::kStrings: return list_of({{"type", "string"}});
    case ValueType::kRef: return ref_to(refs, field.ref);
    case ValueType::kRefs:
    case ValueType::kParts: return list_of(ref_to(refs, field.ref));
    case ValueType::kAny: break;
  }
  return {};
}

json::object schema_of(const ObjectSpec& spec, std::string_view refs, bool is_open) {
  json::object properties;
  json::array required;
  for (const Field& field : spec.fields) {
    json::object schema = schema_of(field, refs);
    if (field.type != ValueType::kRef) schema["description"] = field.text;
    properties[field.name] = std::move(schema);
    if (field.required) required.emplace_back(field.name);
  }
  json::object out{{"type", "object"}, {"description", spec.text}};
  if (!is_open) out["additionalProperties"] = false;
  out["properties"] = std::move(properties);
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}

}  // namespace cordyna::shape
