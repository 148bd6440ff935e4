#include "flow/places.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/check.hpp"
#include "base/durations.hpp"
#include "base/words.hpp"
#include "flow/place_keys.hpp"

namespace cordyna::flow {
namespace {

using place_detail::kNeedFields;
using place_detail::kPlaceFields;

constexpr std::size_t kMisfitsNamed = 5;

const KeySpec& place_field(std::span<const KeySpec> fields, std::string_view name) {
  const KeySpec* spec = find_key(fields, name);
  CHECK(spec != nullptr);
  return *spec;
}

/// Thousandths of a number that fits.
std::uint32_t thousandths(const Node& node) {
  const std::string text = scalar_as_json(node);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return static_cast<std::uint32_t>(std::lround(value * 1000));
}

PlaceLabels labels_of(const Node* labels) {
  PlaceLabels out;
  if (labels == nullptr) return out;
  for (const Node* key = labels->first; key != nullptr; key = key->next->next) {
    out.emplace_back(key->text, key->next->text);
  }
  std::ranges::sort(out);
  return out;
}

/// A key that only places of one type have.
struct OwnKey {
  std::string_view key;
  PlaceType type;
  std::string PlaceSpec::* field;
};
constexpr std::array kOwnKeys{OwnKey{"host", PlaceType::kDocker, &PlaceSpec::host},
                              OwnKey{"context", PlaceType::kKubernetes, &PlaceSpec::context},
                              OwnKey{"namespace", PlaceType::kKubernetes, &PlaceSpec::ns}};

PlaceSpec place_of(const Node& name, const Node& value, ValueReader& reader, Reporter& reporter) {
  PlaceSpec place;
  place.name = name.text;
  place.type = static_cast<PlaceType>(
      reader.word(*value.find("type"), place_field(kPlaceFields, "type"), "type").value_or(0));
  if (const Node* at = value.find("description"); at != nullptr) place.description = at->text;
  if (const Node* at = value.find("slots"); at != nullptr) {
    place.slots = static_cast<std::uint32_t>(
        reader.integer(*at, place_field(kPlaceFields, "slots"), "slots").value_or(0));
  }
  if (const Node* at = value.find("cpu"); at != nullptr) place.cpu_millis = thousandths(*at);
  if (const Node* at = value.find("cost"); at != nullptr) place.cost_millis = thousandths(*at);
  if (const Node* at = value.find("memory"); at != nullptr) {
    place.memory_bytes = parse_size(at->text).value_or(0);
  }
  place.labels = labels_of(value.find("labels"));
  for (const OwnKey& own : kOwnKeys) {
    const Node* at = value.find(own.key);
    if (at == nullptr) continue;
    place.*own.field = at->text;
    if (place.type == own.type) continue;
    reporter.error(*at, Code::kBadKey,
                   fmt::format("'{}' is of places of type {}; {} is of type {}", own.key,
                               to_string(own.type), quoted(name.text), to_string(place.type)));
  }
  if (!place.host.empty() && !place.host.starts_with("unix:///")) {
    reporter.error(*value.find("host"), Code::kBadValue,
                   fmt::format("'host' is a socket of this machine, as unix:///run/docker.sock, "
                               "not {}",
                               quoted(place.host)));
  }
  return place;
}

/// What only Docker does for a container.
std::string_view docker_only(const TaskDraft& draft) {
  if (!draft.spec.cache.key.empty()) return "cache";  // what a cluster does is not kept here
  if (draft.spec.resources.cpu_time > 0) return "resources.time";
  for (const auto& [key, json] : draft.params) {
    for (const std::string_view name : {"auth", "container_labels", "mounts", "user"}) {
      if (key == name) return name;
    }
    if (key == "network" && json != "\"bridge\"") return "network";
    for (const std::string_view name : {"init", "read_only", "tty"}) {
      if (key == name && json != "false") return name;
    }
  }
  return {};
}

bool has_param(const TaskDraft& draft, std::string_view name) {
  return std::ranges::find(draft.params, name, &JsonFields::value_type::first) !=
         draft.params.end();
}

}  // namespace

std::vector<PlaceSpec> read_places(const Node& places, ValueReader& reader, Reporter& reporter) {
  std::vector<PlaceSpec> found;
  if (!reader.is_map(places, "places")) return found;
  for (const Node* key = places.first; key != nullptr; key = key->next->next) {
    std::string json;
    const KeySpec id{.kind = ValueKind::kId};
    if (!reader.read(*key, id, "places", json)) continue;
    if (!reader.is_map(*key->next, key->text)) continue;
    if (!reader.read_object(*key->next, kPlaceFields, key->text, json)) continue;
    found.push_back(place_of(*key, *key->next, reader, reporter));
  }
  if (found.size() > kPlacesMax) {
    reporter.error(
        places, Code::kBadValue,
        fmt::format("'places' has {} places; there are at most {}", found.size(), kPlacesMax));
  }
  std::ranges::sort(found, {}, &PlaceSpec::name);
  return found;
}

void read_place_need(const Node& place, ValueReader& reader, PlaceNeed& into) {
  if (place.is_scalar()) {
    into.name = place.text;
    return;
  }
  std::string json;
  if (!reader.read_object(place, kNeedFields, "place", json)) return;
  if (const Node* at = place.find("name"); at != nullptr) into.name = at->text;
  into.labels = labels_of(place.find("labels"));
}

void finish_place(TaskDraft& draft, Reporter& reporter) {
  PlaceNeed& need = draft.spec.place;
  const Node* at = draft.node->find("place");
  const auto refuse = [&](std::string_view why) {
    if (at != nullptr) {
      reporter.error(*at, Code::kBadKey, fmt::format("'place' cannot be here: {}", why));
    }
    need = PlaceNeed{};
  };
  need.cpu_millis = draft.spec.resources.cpu_millis;
  need.memory_bytes = draft.spec.resources.memory_bytes;
  if (draft.spec.kind != TaskKind::kProcess) {
    return refuse("nothing of this task runs at a place");
  }
  if (draft.spec.type == "container") {
    need.types = place_bit(PlaceType::kDocker);
    if (docker_only(draft).empty()) need.types |= place_bit(PlaceType::kKubernetes);
  } else if (draft.spec.type == "kubernetes") {
    // It says itself where.
    if (has_param(draft, "context") || has_param(draft, "namespace")) {
      return refuse("'context' and 'namespace' of the task say where it runs");
    }
    need.types = place_bit(PlaceType::kKubernetes);
  } else {
    need.types = place_bit(PlaceType::kLocal);
  }
}

void check_place(const TaskDraft& draft, const std::vector<PlaceSpec>& places, Reporter& reporter) {
  const PlaceNeed& need = draft.spec.place;
  const bool counts =
      need.types != 0 && (need.is_given() || std::ranges::any_of(places, [&](const auto& place) {
                            return need.takes(place.type);
                          }));
  if (!counts) return;
  std::string reasons;
  std::size_t named = 0;
  for (const PlaceSpec& place : places) {
    const std::string why = misfit(place, need);
    if (why.empty()) return;
    if (named++ >= kMisfitsNamed) continue;
    reasons += fmt::format("{}'{}' {}", reasons.empty() ? ": " : "; ", place.name, why);
    if (place.type == PlaceType::kKubernetes && draft.spec.type == "container" &&
        !need.takes(place.type)) {
      reasons += fmt::format(" with '{}'", docker_only(draft));
    }
  }
  const Node* at = draft.node->find("place");
  reporter.error(
      at == nullptr ? *draft.node : *at, Code::kNoPlace,
      fmt::format("no place of the project's cordyna.yaml can take task '{}'{}", draft.spec.id,
                  reasons.empty() ? "; it declares none (places: {small: {type: docker, "
                                    "cpu: 4}})"
                                  : reasons));
}

}  // namespace cordyna::flow
