#include "shape/json_body.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <set>
#include <utility>

#include "base/check.hpp"
#include "base/nearest.hpp"
#include "base/time.hpp"

namespace cordyna::shape {
namespace {

namespace json = boost::json;

constexpr std::size_t kDepthMax = 32;
constexpr std::size_t kKeyShown = 80;

/// What the parser of values does not see: keys that come twice, of which it takes the last.
class TwiceFinder {
 public:
  // NOLINTBEGIN(readability-identifier-naming): as the parser asks for them
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);
  // NOLINTEND(readability-identifier-naming)

  [[nodiscard]] const std::string& twice() const { return twice_; }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    objects_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) {
    objects_.pop_back();
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t, json::error_code&) { return true; }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code&) {
    key_.append(part.data(), part.size());
    if (!objects_.back().insert(key_).second && twice_.empty()) twice_ = key_;
    key_.clear();
    return true;
  }
  bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
  bool on_double(double value, json::string_view, json::error_code&) {
    too_large_ = too_large_ || !std::isfinite(value);
    return true;
  }
  bool on_bool(bool, json::error_code&) { return true; }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

  [[nodiscard]] bool too_large() const { return too_large_; }

 private:
  std::vector<std::set<std::string>> objects_;
  std::string key_;
  std::string twice_;
  bool too_large_ = false;
};

std::string shown(std::string_view key) {
  std::string out;
  for (const char c : key.substr(0, kKeyShown)) {
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return out;
}

/// RFC 6901.
std::string pointer_to(std::string_view parent, std::string_view key) {
  std::string out(parent);
  out += '/';
  for (const char c : shown(key)) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string_view kind_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return "null";
    case json::kind::bool_: return "a boolean";
    case json::kind::int64:
    case json::kind::uint64: return "an integer";
    case json::kind::double_: return "a number";
    case json::kind::string: return "a string";
    case json::kind::array: return "a list";
    case json::kind::object: return "an object";
  }
  return "something else";
}

std::string wanted(const Field& field) {
  switch (field.type) {
    case ValueType::kString:
      if (field.values.empty()) return "a string";
      return fmt::format("one of {}", fmt::join(field.values, ", "));
    case ValueType::kInteger: return "an integer";
    case ValueType::kNumber: return "a number";
    case ValueType::kBoolean: return "true or false";
    case ValueType::kTime: return "a time as 2026-01-02T03:04:05Z";
    case ValueType::kObject:
    case ValueType::kRef: return "an object";
    case ValueType::kStrings: return "a list of strings";
    case ValueType::kRefs:
    case ValueType::kParts: return "a list of objects";
    case ValueType::kAny: return "a value";
  }
  return "another value";
}

bool is_allowed(const Field& field, std::string_view text) {
  if (field.max > 0 && text.size() > static_cast<std::size_t>(field.max)) return false;
  return field.values.empty() || std::ranges::find(field.values, text) != field.values.end();
}

/// One object and what it refers to.
class Checker {
 public:
  Checker(Specs specs, Unknown unknown, std::vector<Flaw>& flaws)
      : specs_(specs), unknown_(unknown), flaws_(flaws) {}

  void check(const json::object& body, const ObjectSpec& spec, const std::string& at) {
    std::vector<std::string_view> names;
    for (const Field& field : spec.fields) {
      names.push_back(field.name);
      const json::value* value = body.if_contains(field.name);
      const std::string place = pointer_to(at, field.name);
      if (value == nullptr) {
        if (field.required) flaws_.push_back({place, "is missing"});
      } else if (!fits(*value, field, place)) {
        flaws_.push_back({place, fmt::format("must be {}{}, but is {}", wanted(field),
                                             bounds_of(field), kind_of(*value))});
      }
    }
    if (unknown_ == Unknown::kIgnored) return;
    for (const auto& [key, value] : body) {
      if (std::ranges::find(names, std::string_view(key)) != names.end()) continue;
      const std::string near = nearest(std::string(key), names);
      flaws_.push_back({pointer_to(at, key),
                        near.empty()
                            ? fmt::format("is not known here; known: {}", fmt::join(names, ", "))
                            : fmt::format("is not known here; did you mean '{}'?", near)});
    }
  }

 private:
  static std::string bounds_of(const Field& field) {
    if (field.max == 0) return {};
    if (field.type == ValueType::kInteger) {
      return fmt::format(" from {} to {}", field.min, field.max);
    }
    return field.type == ValueType::kString ? fmt::format(" of at most {} bytes", field.max)
                                            : std::string();
  }

  bool fits(const json::value& value, const Field& field, const std::string& at) {
    switch (field.type) {
      case ValueType::kString: return value.is_string() && is_allowed(field, value.get_string());
      case ValueType::kInteger:
        if (!value.is_int64()) return false;
        return value.get_int64() >= field.min && (field.max == 0 || value.get_int64() <= field.max);
      case ValueType::kNumber: return value.is_number();
      case ValueType::kBoolean: return value.is_bool();
      case ValueType::kTime:
        return value.is_string() && parse_timestamp(value.get_string()).has_value();
      case ValueType::kObject: return value.is_object();
      case ValueType::kRef:
        if (!value.is_object()) return false;
        check(value.get_object(), spec_of(field), at);
        return true;
      case ValueType::kStrings: {
        if (!value.is_array()) return false;
        const auto is_text = [](const json::value& one) { return one.is_string(); };
        return std::ranges::all_of(value.get_array(), is_text);
      }
      case ValueType::kRefs:
      case ValueType::kParts:
        if (!value.is_array()) return false;
        check_list(value.get_array(), field, at);
        return true;
      case ValueType::kAny: return true;
    }
    return false;
  }

  void check_list(const json::array& list, const Field& field, const std::string& at) {
    std::size_t number = 0;
    for (const json::value& one : list) {
      const std::string place = fmt::format("{}/{}", at, number++);
      if (!one.is_object()) {
        flaws_.push_back({place, fmt::format("must be an object, but is {}", kind_of(one))});
      } else if (field.type == ValueType::kRefs) {
        check(one.get_object(), spec_of(field), place);
      }
    }
  }

  [[nodiscard]] const ObjectSpec& spec_of(const Field& field) const {
    const ObjectSpec* spec = find_spec(specs_, field.ref);
    CHECK(spec != nullptr);  // no table names one that is not there: a test goes over each
    return *spec;
  }

  Specs specs_;
  Unknown unknown_;
  std::vector<Flaw>& flaws_;
};

const json::value* find(const json::object* object, std::string_view name) {
  return object == nullptr ? nullptr : object->if_contains(name);
}

json::parse_options within_limits() {
  json::parse_options options;
  options.max_depth = kDepthMax;
  return options;
}

std::vector<Flaw> one_flaw(std::string detail) {
  return {Flaw{"#", std::move(detail)}};
}

}  // namespace

std::optional<std::string> json_flaw(std::string_view text) {
  json::basic_parser<TwiceFinder> finder(within_limits());
  json::error_code error;
  const std::size_t end = finder.write_some(false, text.data(), text.size(), error);
  if (!error && end < text.size()) error = json::error::extra_data;
  if (error == json::error::too_deep) {
    return fmt::format("is nested deeper than {} levels", kDepthMax);
  }
  if (error) return fmt::format("is no JSON, from byte {} on: {}", end, error.message());
  if (finder.handler().too_large()) return "has a number that is too large";
  if (!finder.handler().twice().empty()) {
    return fmt::format("has the key '{}' twice", shown(finder.handler().twice()));
  }
  return std::nullopt;
}

BodyOrFlaws read_body(std::string_view text, const ObjectSpec& spec, Specs specs, Unknown unknown) {
  if (text.empty()) return one_flaw("a JSON object is missing");
  if (auto flaw = json_flaw(text); flaw.has_value()) return one_flaw(std::move(*flaw));
  json::error_code error;
  json::value value = json::parse(text, error, {}, within_limits());
  if (error) return one_flaw(fmt::format("is no JSON: {}", error.message()));
  if (!value.is_object()) {
    return one_flaw(fmt::format("must be an object, but is {}", kind_of(value)));
  }
  std::vector<Flaw> flaws;
  Checker(specs, unknown, flaws).check(value.get_object(), spec, "#");
  if (!flaws.empty()) return flaws;
  return JsonBody(std::make_shared<const json::object>(std::move(value.get_object())));
}

std::vector<Flaw> check_body(const JsonBody& body, const ObjectSpec& spec, Specs specs,
                             Unknown unknown, const std::string& at) {
  std::vector<Flaw> flaws;
  const json::object none;
  Checker(specs, unknown, flaws).check(body.raw() == nullptr ? none : *body.raw(), spec, at);
  return flaws;
}

bool JsonBody::has(std::string_view name) const {
  return object_ != nullptr && object_->contains(name);
}

std::string JsonBody::text(std::string_view name) const {
  const json::value* value = find(object_.get(), name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t JsonBody::number(std::string_view name, std::int64_t otherwise) const {
  const json::value* value = find(object_.get(), name);
  return value != nullptr && value->is_int64() ? value->get_int64() : otherwise;
}

double JsonBody::real(std::string_view name, double otherwise) const {
  const json::value* value = find(object_.get(), name);
  if (value == nullptr || !value->is_number()) return otherwise;
  return value->to_number<double>();
}

bool JsonBody::flag(std::string_view name) const {
  const json::value* value = find(object_.get(), name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::string JsonBody::json(std::string_view name) const {
  const json::value* value = find(object_.get(), name);
  return value != nullptr ? json::serialize(*value) : std::string();
}

std::vector<std::string> JsonBody::texts(std::string_view name) const {
  std::vector<std::string> found;
  const json::value* value = find(object_.get(), name);
  if (value == nullptr || !value->is_array()) return found;
  for (const json::value& one : value->get_array()) {
    if (one.is_string()) found.emplace_back(one.get_string());
  }
  return found;
}

JsonBody JsonBody::object(std::string_view name) const {
  const json::value* value = find(object_.get(), name);
  if (value == nullptr || !value->is_object()) return {};
  return JsonBody(std::shared_ptr<const json::object>(object_, &value->get_object()));
}

std::vector<JsonBody> JsonBody::objects(std::string_view name) const {
  std::vector<JsonBody> found;
  const json::value* value = find(object_.get(), name);
  if (value == nullptr || !value->is_array()) return found;
  found.reserve(value->get_array().size());
  for (const json::value& one : value->get_array()) {
    // Of the same object, which it keeps alive.
    if (one.is_object())
      found.emplace_back(std::shared_ptr<const json::object>(object_, &one.get_object()));
  }
  return found;
}

}  // namespace cordyna::shape
