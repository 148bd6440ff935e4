#include "process/data/step_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>

#include "process/data/json_read.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

constexpr std::array<std::pair<std::string_view, OnLost>, 4> kOnLost{{
    {"fail", OnLost::kFail},
    {"warn", OnLost::kWarn},
    {"quarantine", OnLost::kQuarantine},
    {"ignore", OnLost::kIgnore},
}};
constexpr std::array<std::pair<std::string_view, Care>, 3> kHow{{
    {"drop", Care::kDrop},
    {"keep", Care::kKeep},
    {"hash", Care::kHash},
}};
constexpr std::array<std::string_view, 5> kUnits{"year", "month", "week", "day", "hour"};
constexpr std::int64_t kDigitsMax = 15;
constexpr std::int64_t kMaskLastMax = 1000;

bool is_round(std::string_view text) {
  if (std::ranges::find(kUnits, text) != kUnits.end()) return true;
  std::int64_t digits = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto read = std::from_chars(begin, end, digits);
  return read.ec == std::errc() && read.ptr == end && digits >= -kDigitsMax && digits <= kDigitsMax;
}

StepResult<> read_mask(const json::object& spec, const std::string& place, ColumnCare& care) {
  STEP_TRY_ASSIGN(const std::optional<std::int64_t> last, read_int(spec, "mask"));
  if (last.value_or(-1) < 0 || *last > kMaskLastMax) {
    return bad_value(place + ".mask", "how many characters at the end stay readable: 0 to 1000");
  }
  care.care = Care::kMask;
  care.last = static_cast<std::uint32_t>(*last);
  return {};
}

StepResult<> read_round(const json::object& spec, const std::string& place, ColumnCare& care) {
  STEP_TRY_ASSIGN(std::optional<std::string> round, read_text(spec, "round"));
  if (!round.has_value() || !is_round(*round)) {
    return bad_value(place + ".round",
                     "a number of digits (2), or one of year, month, week, day, hour is wanted");
  }
  care.care = Care::kRound;
  care.round = std::move(*round);
  return {};
}

StepResult<> read_token(const json::object& spec, const std::string& place, ColumnCare& care) {
  STEP_TRY_ASSIGN(const std::optional<std::string> token, read_text(spec, "token"));
  if (token != "hmac") return bad_value(place + ".token", "hmac is wanted");
  STEP_TRY_ASSIGN(std::optional<std::string> key, read_text(spec, "key"));
  if (!key.has_value() || key->empty()) {
    return bad_value(place + ".key", "the name of the secret that is the key is missing");
  }
  care.care = Care::kToken;
  care.key = std::move(*key);
  return {};
}

StepResult<ColumnCare> read_care(std::string column, const json::value& value) {
  const std::string place = "columns." + column;
  ColumnCare care;
  care.column = std::move(column);
  const json::object* spec = value.if_object();
  if (spec == nullptr) return bad_value(place, "a map is wanted");
  int given = 0;
  for (const std::string_view key : {"how", "mask", "round", "token"}) {
    const json::value* at = spec->if_contains(json::string_view(key.data(), key.size()));
    given += at != nullptr && !at->is_null() ? 1 : 0;
  }
  if (given != 1) {
    return bad_value(place,
                     "one of drop, keep, hash, {mask: 4}, {round: 2}, {token: hmac, key: "
                     "NAME} is wanted");
  }
  if (spec->contains("mask")) {
    STEP_TRY(read_mask(*spec, place, care));
  } else if (spec->contains("round")) {
    STEP_TRY(read_round(*spec, place, care));
  } else if (spec->contains("token")) {
    STEP_TRY(read_token(*spec, place, care));
  } else {
    STEP_TRY_ASSIGN(const std::optional<std::string> how, read_text(*spec, "how"));
    STEP_TRY_ASSIGN(care.care, parse_word(place, how.value_or(""), kHow));
  }
  return care;
}

}  // namespace

std::vector<std::string> SecureParams::keys() const {
  std::vector<std::string> names;
  for (const ColumnCare& column : columns) {
    if (column.care != Care::kToken) continue;
    if (std::ranges::find(names, column.key) == names.end()) names.push_back(column.key);
  }
  return names;
}

StepResult<StandardizeParams> parse_standardize(const json::object& params) {
  StandardizeParams standardize;
  STEP_TRY_ASSIGN(standardize.of, read_of(params));
  STEP_TRY_ASSIGN(const json::object* set, read_object(params, "set"));
  if (set != nullptr) {
    for (const auto& item : *set) {
      std::string column = text_of(item.key());
      if (column.empty() || column.starts_with("__dyna")) {
        return bad_value("set", fmt::format("'{}' cannot be a column's name", column));
      }
      STEP_TRY_ASSIGN(std::string sql, read_fragment(*set, column, "set." + column));
      standardize.set.emplace_back(std::move(column), std::move(sql));
    }
  }
  STEP_TRY_ASSIGN(const json::object* rename, read_object(params, "rename"));
  if (rename != nullptr) {
    for (const auto& item : *rename) {
      standardize.rename.emplace_back(text_of(item.key()), scalar_text(item.value()));
    }
  }
  STEP_TRY_ASSIGN(standardize.drop, read_texts(params, "drop"));
  STEP_TRY_ASSIGN(const std::optional<std::string> dedupe, read_text(params, "dedupe"));
  if (dedupe.has_value() && dedupe != "exact") {
    return bad_value("dedupe", fmt::format("exact is wanted, not '{}'", *dedupe));
  }
  standardize.dedupe = dedupe.has_value();
  STEP_TRY_ASSIGN(const std::optional<std::string> lost, read_text(params, "on_lost"));
  if (lost.has_value()) {
    STEP_TRY_ASSIGN(standardize.on_lost, parse_word("on_lost", *lost, kOnLost));
  }
  return standardize;
}

StepResult<SecureParams> parse_secure(const json::object& params) {
  SecureParams secure;
  STEP_TRY_ASSIGN(secure.of, read_of(params));
  STEP_TRY_ASSIGN(const json::object* columns, read_object(params, "columns"));
  if (columns == nullptr || columns->empty()) {
    return bad_value("columns", "at least one column is wanted");
  }
  for (const auto& item : *columns) {
    STEP_TRY_ASSIGN(ColumnCare care, read_care(text_of(item.key()), item.value()));
    secure.columns.push_back(std::move(care));
  }
  return secure;
}

}  // namespace cordyna::data
