/// What a program wants of its containers, as what Docker is asked for.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cordyna/container.hpp"
#include "cordyna/event.hpp"
#include "docker/container_run.hpp"
#include "docker/container_spec.hpp"

namespace cordyna::event_container {

inline constexpr const char* kProcessLabel = "io.cordyna.process";  ///< the process's id
inline constexpr const char* kInputLabel = "io.cordyna.input";      ///< the input's id
inline constexpr const char* kEventLabel = "io.cordyna.event";      ///< the event's key
inline constexpr const char* kScopeLabel = "io.cordyna.scope";

/// Of all events. Errors: kInvalidArgument, naming the option; ContainerImageMissing.
[[nodiscard]] Result<docker::ContainerSpec> spec_of(const std::string& id,
                                                    const ContainerOptions& options);

/// One event's container.
struct EventContainer {
  std::string name;
  docker::ContainerSpec spec;

  /// Whether the container is that of this event: all of it is compared, for a name is but a hash.
  [[nodiscard]] bool is(const docker::ContainerState& state) const;
};

/// Errors: kInvalidArgument: the event is too large.
[[nodiscard]] Result<EventContainer> container_of(const docker::ContainerSpec& spec,
                                                  const Event& event);

}  // namespace cordyna::event_container
