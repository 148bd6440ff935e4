#include "flow/odcs_read.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/words.hpp"
#include "flow/json_text.hpp"
#include "flow/odcs_words.hpp"

namespace cordyna::flow::odcs {

namespace json = boost::json;

json::value value_of(const Node& node) {
  std::string text;
  append_json(text, node, KeyOrder::kAsWritten);
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  return error.failed() ? json::value() : value;
}

std::string_view text_at(const Node& node, std::string_view key) {
  const Node* at = node.find(key);
  return at == nullptr || !at->is_scalar() ? std::string_view() : at->text;
}

bool is_true(const Node& node, std::string_view key) {
  const Node* at = node.find(key);
  return at != nullptr && at->kind == NodeKind::kBool && scalar_as_json(*at) == "true";
}

std::optional<double> number_of(const Node* node) {
  if (node == nullptr || (node->kind != NodeKind::kInt && node->kind != NodeKind::kFloat)) {
    return std::nullopt;
  }
  const std::string text = scalar_as_json(*node);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<const Node*> items(const Node* list) {
  std::vector<const Node*> out;
  if (list == nullptr || list->kind != NodeKind::kList) return out;
  for (const Node* at = list->first; at != nullptr; at = at->next) out.push_back(at);
  return out;
}

std::optional<Bounds> bounds_of(const Node& quality) {
  const auto whole = [](const Node* node) -> std::optional<std::int64_t> {
    const auto value = number_of(node);
    if (!value.has_value() || *value != std::floor(*value) || std::abs(*value) > 9e15) return {};
    return static_cast<std::int64_t>(*value);
  };
  struct Operator {
    std::string_view name;
    int side;    ///< -1: at least, 1: at most, 0: both
    int offset;  ///< of the bound from the number
  };
  constexpr std::array<Operator, 7> kOperators{{{"mustBe", 0, 0},
                                                {"mustBeGreaterThan", -1, 1},
                                                {"mustBeGreaterOrEqualTo", -1, 0},
                                                {"mustBeGreaterThanOrEqualTo", -1, 0},
                                                {"mustBeLessThan", 1, -1},
                                                {"mustBeLessOrEqualTo", 1, 0},
                                                {"mustBeLessThanOrEqualTo", 1, 0}}};
  for (const Operator& row : kOperators) {
    if (quality.find(row.name) == nullptr) continue;
    const auto value = whole(quality.find(row.name));
    if (!value.has_value()) return std::nullopt;
    Bounds bounds;
    if (row.side <= 0) bounds.least = *value + row.offset;
    if (row.side >= 0) bounds.most = *value + row.offset;
    return bounds;
  }
  const std::vector<const Node*> between = items(quality.find("mustBeBetween"));
  if (between.size() != 2) return std::nullopt;
  Bounds bounds{whole(between[0]), whole(between[1])};
  if (!bounds.least.has_value() || !bounds.most.has_value()) return std::nullopt;
  return bounds;
}

std::string_view metric_of(const Node& quality) {
  std::string_view metric = text_at(quality, "metric");
  if (metric.empty()) metric = text_at(quality, "rule");
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kOld{
      {{"duplicateCount", "duplicateValues"},
       {"duplicates", "duplicateValues"},
       {"nullCheck", "nullValues"},
       {"nullCount", "nullValues"},
       {"validValues", "invalidValues"},
       {"uniqueCheck", "duplicateValues"}}};
  for (const auto& [old_name, name] : kOld) {
    if (metric == old_name) return name;
  }
  return metric;
}

bool only_warns(const Node& quality) {
  const std::string severity = ascii_lower(text_at(quality, "severity"));
  return severity == "warning" || severity == "warn" || severity == "info";
}

void Importer::lost(const Node& at, std::string message) {
  reporter_.warning_in(at, 0, Code::kNotCarried, std::move(message));
}

void Importer::lose_others(const Node& map, const std::vector<std::string_view>& taken,
                           std::string_view whose) {
  std::vector<std::string> names;
  const Node* first = nullptr;
  for (const Node* key = map.first; key != nullptr; key = key->next->next) {
    if (std::ranges::find(taken, key->text) != taken.end()) continue;
    const Node& value = *key->next;
    const bool empty = (value.kind == NodeKind::kBool && scalar_as_json(value) == "false") ||
                       value.kind == NodeKind::kNull ||
                       (value.kind == NodeKind::kInt && value.text == "-1") ||
                       (!value.is_scalar() && value.first == nullptr);
    if (empty) continue;
    if (first == nullptr) first = key;
    names.push_back(quoted(key->text));
  }
  if (first == nullptr) return;
  lost(*first, fmt::format("{}: {} {} no place in a contract", whose, fmt::join(names, ", "),
                           names.size() == 1 ? "has" : "have"));
}

json::object Importer::own_properties(const Node& map, std::string_view whose) {
  json::object own;
  for (const Node* item : items(map.find("customProperties"))) {
    const std::string_view name = text_at(*item, "property");
    const Node* value = item->find("value");
    if (name.starts_with(kOwn) && value != nullptr) {
      own[json::string_view(name.data() + kOwn.size(), name.size() - kOwn.size())] =
          value_of(*value);
    } else if (name == "pii" && is_true(*item, "value")) {
      own["pii"] = true;
    } else {
      lost(*item,
           fmt::format("{}: custom property {} has no place in a contract", whose, quoted(name)));
    }
  }
  return own;
}

void Importer::lose_quality(const Node& quality, std::string_view whose) {
  const std::string_view type = text_at(quality, "type");
  const std::string_view metric = metric_of(quality);
  const std::string name(metric.empty() ? text_at(quality, "name") : metric);
  const std::string_view hint =
      type == "sql" ? "; write it as a rule of a `check` task" : std::string_view();
  lost(quality,
       fmt::format("{}: quality rule {}of type {} has no place in a contract{}", whose,
                   name.empty() ? "" : quoted(name) + " ", type.empty() ? "library" : type, hint));
}

}  // namespace cordyna::flow::odcs
