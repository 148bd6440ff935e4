#include "server/redis/stream_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace cordyna::server {
namespace {

constexpr std::size_t kNameMax = 128;
constexpr std::size_t kSessionMin = 8;
constexpr std::size_t kSessionMax = 64;

bool is_name(std::string_view text, std::size_t least, std::size_t most) {
  return text.size() >= least && text.size() <= most && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

std::optional<Knock> knock_of(std::string_view team, std::string_view server,
                              std::string_view session) {
  if (!is_name(team, 1, kNameMax) || !is_name(server, 1, kNameMax) ||
      !is_name(session, kSessionMin, kSessionMax)) {
    return std::nullopt;
  }
  return Knock{std::string(team), std::string(server), std::string(session)};
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> parts_of(std::string_view id) {
  std::uint64_t millis = 0;
  std::uint64_t number = 0;
  const auto [dash, error] = std::from_chars(id.data(), id.data() + id.size(), millis);
  const char* const end = id.data() + id.size();
  if (error != std::errc() || dash == end || *dash != '-') return std::nullopt;
  const auto [stop, second] = std::from_chars(dash + 1, end, number);
  if (second != std::errc() || stop != end) return std::nullopt;
  return std::pair(millis, number);
}

}  // namespace

std::string StreamKeys::of(std::string_view kind, const Knock& who) const {
  return fmt::format("{}:{}:{}", prefix_, kind, member(who));
}

std::string StreamKeys::member(const Knock& who) const {
  return fmt::format("{}:{}:{}", who.team, who.server, who.session);
}

std::optional<Knock> StreamKeys::of_member(std::string_view member) const {
  const std::size_t first = member.find(':');
  const std::size_t last = member.rfind(':');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  return knock_of(member.substr(0, first), member.substr(first + 1, last - first - 1),
                  member.substr(last + 1));
}

std::optional<Knock> StreamKeys::of_knock(std::string_view channel,
                                          std::string_view session) const {
  const std::string front = prefix_ + ":hello:";
  if (!channel.starts_with(front)) return std::nullopt;
  channel.remove_prefix(front.size());
  const std::size_t colon = channel.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return knock_of(channel.substr(0, colon), channel.substr(colon + 1), session);
}

std::string StreamKeys::alive(std::string_view process) const {
  return fmt::format("{}:alive:{}", prefix_, process);
}

std::string StreamKeys::nudges(std::string_view process) const {
  return fmt::format("{}:nudge:{}", prefix_, process);
}

std::optional<std::uint64_t> entry_millis(std::string_view id) {
  const auto parts = parts_of(id);
  if (!parts.has_value()) return std::nullopt;
  return parts->first;
}

std::string after_entry(std::string_view id) {
  constexpr auto kLast = std::numeric_limits<std::uint64_t>::max();
  const auto parts = parts_of(id);
  if (!parts.has_value()) return std::string(id);
  if (parts->second < kLast) return fmt::format("{}-{}", parts->first, parts->second + 1);
  if (parts->first < kLast) return fmt::format("{}-0", parts->first + 1);
  return std::string(id);
}

}  // namespace cordyna::server
