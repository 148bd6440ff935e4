/// Text to Cron.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string>
#include <utility>

#include "base/words.hpp"
#include "schedule/cron.hpp"

namespace cordyna::schedule {
namespace {

struct Field {
  std::string_view name;
  unsigned least;
  unsigned most;
  std::span<const std::string_view> names = {};  ///< from `least` on
};

constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays{"sun", "mon", "tue", "wed",
                                                    "thu", "fri", "sat"};
constexpr std::array<Field, 6> kFields{{{"second", 0, 59},
                                        {"minute", 0, 59},
                                        {"hour", 0, 23},
                                        {"day of month", 1, 31},
                                        {"month", 1, 12, kMonths},
                                        {"day of week", 0, 7, kWeekdays}}};
enum FieldAt : std::uint8_t { kSecond, kMinute, kHour, kDay, kMonth, kWeekday };

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kMacros{{
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
    {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
}};

std::vector<std::string_view> split(std::string_view text, std::string_view at) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find_first_of(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<unsigned> number(std::string_view text) {
  constexpr std::size_t kDigitsMax = 4;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), value);
  if (error != std::errc() || end != text.end() || text.size() > kDigitsMax) return std::nullopt;
  return value;
}

std::unexpected<Error> refuse(const Field& field, std::string_view term, std::string_view why) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("{} '{}': {}", field.name, term, why));
}

Result<unsigned> value_of(const Field& field, std::string_view text, std::string_view term) {
  const auto name = std::ranges::find(field.names, text);
  if (name != field.names.end()) {
    return field.least + static_cast<unsigned>(name - field.names.begin());
  }
  const std::optional<unsigned> value = number(text);
  if (!value.has_value() || *value < field.least || *value > field.most) {
    return refuse(
        field, term,
        fmt::format("{} to {}{} is wanted", field.least, field.most,
                    field.names.empty()
                        ? std::string()
                        : fmt::format(", or {} to {},", field.names.front(), field.names.back())));
  }
  return *value;
}

struct Range {
  unsigned from;
  unsigned to;
  unsigned step;
};

/// "*", "5", "1-5", "*/15", "5/10", "1-30/2".
Result<Range> range_of(const Field& field, std::string_view term) {
  const std::size_t slash = term.find('/');
  const std::string_view body = term.substr(0, slash);
  Range range{field.least, field.most, 1};
  if (slash != std::string_view::npos) {
    const std::optional<unsigned> step = number(term.substr(slash + 1));
    if (!step.has_value() || *step == 0 || *step > field.most) {
      return refuse(field, term, fmt::format("a step of 1 to {} is wanted", field.most));
    }
    range.step = *step;
  }
  if (body == "*" || body == "?") {
    if (field.most == 7) range.to = 6;  // 7 is Sunday once more
    return range;
  }
  const std::size_t dash = body.find('-');
  TRY_ASSIGN(range.from, value_of(field, body.substr(0, dash), term));
  if (dash == std::string_view::npos) {
    if (slash == std::string_view::npos) range.to = range.from;
    return range;
  }
  TRY_ASSIGN(range.to, value_of(field, body.substr(dash + 1), term));
  if (range.to < range.from) {
    return refuse(field, term, "a range goes upwards; two ranges, parted by a comma, go around");
  }
  return range;
}

}  // namespace

class CronParser {
 public:
  Result<Cron> parse(std::string_view whole) {
    const std::string lower = ascii_lower(whole);
    std::string_view text = lower;
    if (text.starts_with('@')) {
      const auto macro = std::ranges::find(kMacros, text, &decltype(kMacros)::value_type::first);
      if (macro == kMacros.end()) {
        return fail(ErrorCode::kInvalidArgument,
                    fmt::format("'{}' is none of @yearly, @annually, @monthly, @weekly, @daily, "
                                "@midnight, @hourly",
                                whole));
      }
      text = macro->second;
    }
    std::vector<std::string_view> parts = split(text, " \t");
    std::erase_if(parts, [](std::string_view part) { return part.empty(); });
    if (parts.size() == 5) parts.insert(parts.begin(), "0");
    if (parts.size() != kFields.size()) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{} fields; 5 are wanted (minute, hour, day of month, month, day of "
                              "week), or 6 with seconds in front",
                              parts.size()));
    }
    for (std::size_t at = 0; at < kFields.size(); ++at) TRY(field(at, parts[at]));
    const auto is_every = [&](std::size_t at) {
      return parts[at].starts_with('*') || parts[at].starts_with('?');
    };
    cron_.either_day_ = !is_every(kDay) && !is_every(kWeekday);
    cron_.interval_ = is_every(kMinute) || is_every(kHour);
    if (!cron_.next(0).has_value()) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("no day is ever day of month '{}' of month '{}'", parts[kDay],
                              parts[kMonth]));
    }
    return cron_;
  }

 private:
  Result<> field(std::size_t at, std::string_view text) {
    for (const std::string_view term : split(text, ",")) {
      if (term.empty()) return refuse(kFields[at], text, "a value is missing between commas");
      if (at == kDay) {
        TRY_ASSIGN(const bool taken, special_day(term));
        if (taken) continue;
      }
      if (at == kWeekday) {
        TRY_ASSIGN(const bool taken, special_weekday(term));
        if (taken) continue;
      }
      TRY_ASSIGN(const Range range, range_of(kFields[at], term));
      for (unsigned value = range.from; value <= range.to; value += range.step) set(at, value);
    }
    return {};
  }

  void set(std::size_t at, unsigned value) {
    switch (at) {
      case kSecond: cron_.seconds_.set(value); break;
      case kMinute: cron_.minutes_.set(value); break;
      case kHour: cron_.hours_.set(value); break;
      case kDay: cron_.days_.set(value); break;
      case kMonth: cron_.months_.set(value); break;
      default: cron_.weekdays_.set(value % 7); break;
    }
  }

  /// "l", "l-3", "lw", "15w". False: it is none of them.
  Result<bool> special_day(std::string_view term) {
    const Field& field = kFields[kDay];
    if (term == "lw" || term == "wl") {
      cron_.last_working_day_ = true;
      return true;
    }
    if (term.starts_with('l')) {
      const std::optional<unsigned> before =
          term == "l" ? 0 : number(term.substr(std::min(term.size(), std::size_t{2})));
      if (!before.has_value() || *before > 30 || (term != "l" && term[1] != '-')) {
        return refuse(field, term, "l, l-1 to l-30, or lw is wanted");
      }
      cron_.from_end_.push_back(*before);
      return true;
    }
    if (!term.ends_with('w')) return false;
    TRY_ASSIGN(const unsigned day, value_of(field, term.substr(0, term.size() - 1), term));
    cron_.nearest_.push_back(day);
    return true;
  }

  /// "5l", "mon#2". False: it is none of them.
  Result<bool> special_weekday(std::string_view term) {
    const Field& field = kFields[kWeekday];
    const std::size_t hash = term.find('#');
    if (hash != std::string_view::npos) {
      TRY_ASSIGN(const unsigned day, value_of(field, term.substr(0, hash), term));
      const std::optional<unsigned> nth = number(term.substr(hash + 1));
      if (!nth.has_value() || *nth < 1 || *nth > 5) {
        return refuse(field, term, "behind # the first to the fifth is wanted: 1 to 5");
      }
      cron_.nth_.push_back({static_cast<int>(day % 7), static_cast<int>(*nth)});
      return true;
    }
    if (!term.ends_with('l') || term.size() < 2) return false;
    TRY_ASSIGN(const unsigned day, value_of(field, term.substr(0, term.size() - 1), term));
    cron_.nth_.push_back({static_cast<int>(day % 7), -1});
    return true;
  }

  Cron cron_;
};

Result<Cron> Cron::parse(std::string_view text) {
  return CronParser().parse(text);
}

}  // namespace cordyna::schedule
