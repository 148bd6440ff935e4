#include "pg/fault.hpp"

#include <algorithm>
#include <array>

namespace cordyna {
namespace {

bool one_of(std::string_view state, std::initializer_list<std::string_view> states) {
  return std::ranges::find(states, state) != states.end();
}

bool is_state(std::string_view text) {
  return text.size() == 5 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

std::string one_line(std::string_view text) {
  std::string out(text.substr(0, text.find_last_not_of(" \r\n\t") + 1));
  std::ranges::replace(out, '\n', ' ');
  std::erase(out, '\t');
  return out;
}

}  // namespace

PgKind kind_of(const PgFault& fault) {
  const std::string_view state = fault.state;
  if (fault.code.has_value()) return PgKind::kOther;
  if (fault.refused) return PgKind::kDenied;
  if (state.empty()) return fault.lost ? PgKind::kTransient : PgKind::kOther;
  // Serialization, deadlock, lock not available; too many connections, of the server or the role;
  // shutdown, crash, starting up, idle ends; a connection that broke.
  if (one_of(state, {"40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03", "57P05",
                     "25P03", "25P04"}) ||
      state.starts_with("08")) {
    return PgKind::kTransient;
  }
  if (state.starts_with("28") || one_of(state, {"3D000", "42501", "0LP01"})) {
    return PgKind::kDenied;
  }
  if (state == "53100") return PgKind::kFull;
  if (state.starts_with("22") || state.starts_with("23") || state.starts_with("42") ||
      state == "3F000" || state == "428C9" || state == "2BP01") {
    return PgKind::kMisfit;
  }
  return PgKind::kOther;
}

Error error_of(const PgFault& fault) {
  const std::string state = fault.state.empty() ? "" : " (" + fault.state + ")";
  Error error{ErrorCode::kUnavailable, fault.message + state};
  if (fault.cancelled) {
    error.code = ErrorCode::kCancelled;
  } else if (fault.missing) {
    error.code = ErrorCode::kNotFound;
  } else if (kind_of(fault) == PgKind::kDenied) {
    error.code = ErrorCode::kDenied;
  }
  return error;
}

PgFault lost_fault(std::string_view text) {
  PgFault fault;
  fault.lost = true;
  // Several hosts give several messages; each line of the server has its state behind "FATAL:".
  for (std::size_t at = text.find(":  "); at != std::string_view::npos;
       at = text.find(":  ", at + 1)) {
    const std::string_view state = text.substr(at + 3, 5);
    if (!is_state(state) || text.substr(at + 8, 2) != ": ") continue;
    fault.state = state;
    const std::string_view rest = text.substr(at + 10);
    fault.message = one_line(rest.substr(0, rest.find("\nLOCATION:")));
  }
  if (fault.state.empty()) fault.message = one_line(text);
  return fault;
}

PgFault connect_fault(std::string_view text) {
  PgFault fault = lost_fault(text);
  if (!fault.state.empty() || text.find("SSL SYSCALL") != std::string_view::npos) return fault;
  for (const std::string_view part :
       {"no password supplied", "SSL", "certificate", "invalid", "authentication method"}) {
    fault.refused = fault.refused || text.find(part) != std::string_view::npos;
  }
  return fault;
}

std::int64_t pg_delay_ms(int number) {
  constexpr std::array<std::int64_t, 6> kDelays{200, 400, 800, 1600, 3200, 6400};
  const auto at = static_cast<std::size_t>(number - 1);
  return at < kDelays.size() ? kDelays[at] : -1;
}

}  // namespace cordyna
