/// Places: where attempts run, as the project's cordyna.yaml declares them, and what a task wants
/// of one.
///
/// Values. Threads: any.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cordyna {

inline constexpr std::size_t kPlacesMax = 100;
inline constexpr std::uint32_t kPlaceSlotsMax = 100'000;

enum class PlaceType : std::uint8_t {
  kLocal,       ///< processes of this machine
  kDocker,      ///< a Docker daemon of this machine
  kKubernetes,  ///< a namespace of a cluster
};

/// By PlaceType.
inline constexpr std::array<std::string_view, 3> kPlaceTypes{"local", "docker", "kubernetes"};

[[nodiscard]] std::string_view to_string(PlaceType type);

/// Names with texts, ascending by name, each once.
using PlaceLabels = std::vector<std::pair<std::string, std::string>>;

struct PlaceSpec {
  std::string name;
  std::string description;
  PlaceType type = PlaceType::kLocal;
  std::uint32_t slots = 0;         ///< attempts at a time; 0: any number
  std::uint32_t cpu_millis = 0;    ///< thousandths of a core, of all attempts together; 0: any
  std::uint64_t memory_bytes = 0;  ///< of all attempts together; 0: any
  std::uint32_t cost_millis = 0;   ///< thousandths; the cheapest that fits is taken
  PlaceLabels labels;
  std::string host;     ///< of kDocker: its socket, "unix:///run/docker.sock"; empty: DOCKER_HOST
  std::string context;  ///< of kKubernetes; empty: the current one
  std::string ns;       ///< of kKubernetes; empty: that of the context

  bool operator==(const PlaceSpec&) const = default;
};

/// What a task wants of the place of each attempt.
struct PlaceNeed {
  std::uint8_t types = 0;  ///< where its kind of work can be done, a bit for each PlaceType; 0: it
                           ///< is never placed
  std::string name{};      ///< this place alone; empty: any that fits
  PlaceLabels labels{};    ///< which the place has
  std::uint32_t cpu_millis = 0;
  std::uint64_t memory_bytes = 0;

  auto operator<=>(const PlaceNeed&) const = default;
  [[nodiscard]] bool takes(PlaceType type) const {
    return (types & (1U << static_cast<unsigned>(type))) != 0;
  }
  /// The flow says where, or what the place must have.
  [[nodiscard]] bool is_given() const { return !name.empty() || !labels.empty(); }
};

[[nodiscard]] constexpr std::uint8_t place_bit(PlaceType type) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(type));
}

/// What an attempt holds while it may live.
struct PlaceHold {
  std::string place;  ///< empty: it was not placed
  PlaceType type = PlaceType::kLocal;
  std::uint32_t cpu_millis = 0;
  std::uint64_t memory_bytes = 0;

  bool operator==(const PlaceHold&) const = default;
};

/// For the state: "big kubernetes cpu=2000 memory=4294967296"; of none "".
[[nodiscard]] std::string to_text(const PlaceHold& hold);
/// Nullopt: `text` is none.
[[nodiscard]] std::optional<PlaceHold> parse_place_hold(std::string_view text);

/// Why the place can never take what is wanted, however empty it is: "has 2 cores, 8 are wanted".
/// Empty: it can.
[[nodiscard]] std::string misfit(const PlaceSpec& place, const PlaceNeed& need);

/// "0.5 cores", "2 GB": for people.
[[nodiscard]] std::string cores_text(std::uint64_t cpu_millis);
[[nodiscard]] std::string memory_text(std::uint64_t bytes);

}  // namespace cordyna
