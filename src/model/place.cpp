#include "model/place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace cordyna {
namespace {

constexpr std::uint64_t kMegabyte = 1'000'000;
constexpr std::uint64_t kGigabyte = 1'000'000'000;

template <class Number>
bool read_number(std::string_view text, Number& into) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), into);
  return problem == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string_view to_string(PlaceType type) {
  return kPlaceTypes[static_cast<std::size_t>(type)];
}

std::string to_text(const PlaceHold& hold) {
  if (hold.place.empty()) return {};
  return fmt::format("{} {} cpu={} memory={}", hold.place, to_string(hold.type), hold.cpu_millis,
                     hold.memory_bytes);
}

std::optional<PlaceHold> parse_place_hold(std::string_view text) {
  PlaceHold hold;
  if (text.empty()) return hold;
  std::array<std::string_view, 4> words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t end = i + 1 < words.size() ? text.find(' ') : text.size();
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    words[i] = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const auto type = std::ranges::find(kPlaceTypes, words[1]);
  if (type == kPlaceTypes.end() || !words[2].starts_with("cpu=") ||
      !words[3].starts_with("memory=") || !read_number(words[2].substr(4), hold.cpu_millis) ||
      !read_number(words[3].substr(7), hold.memory_bytes)) {
    return std::nullopt;
  }
  hold.place = words[0];
  hold.type = static_cast<PlaceType>(type - kPlaceTypes.begin());
  return hold;
}

std::string misfit(const PlaceSpec& place, const PlaceNeed& need) {
  if (!need.name.empty() && need.name != place.name) {
    return fmt::format("is not '{}', which is wanted", need.name);
  }
  if (!need.takes(place.type)) {
    return fmt::format("is of type {}, where this task cannot run", to_string(place.type));
  }
  for (const auto& [name, value] : need.labels) {
    const auto found = std::ranges::find(place.labels, name, &PlaceLabels::value_type::first);
    if (found == place.labels.end()) return fmt::format("has no label {}", name);
    if (found->second != value) {
      return fmt::format("has the label {} as '{}', not '{}'", name, found->second, value);
    }
  }
  if (place.cpu_millis > 0 && need.cpu_millis > place.cpu_millis) {
    return fmt::format("has {}, {} are wanted", cores_text(place.cpu_millis),
                       cores_text(need.cpu_millis));
  }
  if (place.memory_bytes > 0 && need.memory_bytes > place.memory_bytes) {
    return fmt::format("has {}, {} are wanted", memory_text(place.memory_bytes),
                       memory_text(need.memory_bytes));
  }
  return {};
}

std::string cores_text(std::uint64_t cpu_millis) {
  return fmt::format("{} core{}", static_cast<double>(cpu_millis) / 1000,
                     cpu_millis == 1000 ? "" : "s");
}

std::string memory_text(std::uint64_t bytes) {
  if (bytes >= kGigabyte) {
    const std::uint64_t hundredths = bytes / (kGigabyte / 100);
    return fmt::format("{} GB", static_cast<double>(hundredths) / 100);
  }
  if (bytes >= kMegabyte) return fmt::format("{} MB", bytes / kMegabyte);
  return fmt::format("{} bytes", bytes);
}

}  // namespace cordyna
