#include <array>

#include "flow/key_spec.hpp"
#include "flow/place_keys.hpp"
#include "flow/retention_file.hpp"
#include "flow/server_file.hpp"
#include "model/pool.hpp"

// The keys of cordyna.yaml.
namespace cordyna::flow {
namespace {

using K = ValueKind;

constexpr std::int64_t kPerMost = std::int64_t{7} * 86'400'000;

constexpr std::array kRateFields{
    KeySpec{.name = "count",
            .kind = K::kInt,
            .description = "How many attempts may begin.",
            .required = true,
            .least = 1,
            .most = kPoolRateMax},
    KeySpec{.name = "per",
            .kind = K::kDuration,
            .description = "In any span of this length, at most 7d.",
            .required = true,
            .least = 1,
            .most = kPerMost},
};

constexpr std::array kPoolFields{
    KeySpec{.name = "description",
            .kind = K::kText,
            .description = "What it stands for, and why it has this limit."},
    KeySpec{.name = "slots",
            .kind = K::kInt,
            .description = "How many attempts of its tasks run at a time. Without it any number.",
            .least = 1,
            .most = kPoolSlotsMax},
    KeySpec{.name = "rate",
            .kind = K::kObject,
            .description = "How often attempts of its tasks begin: {count: 100, per: 1m}. Without "
                           "it as often as there are slots.",
            .fields = kRateFields},
};

constexpr KeySpec kPool{.kind = K::kObject, .fields = kPoolFields};

constexpr KeySpec kPools{
    .name = "pools",
    .kind = K::kMap,
    .description =
        "Named pools that tasks take their slots of too, by `pool`: what bears only so "
        "much at a time, in all flows together. At most 100.",
    .item = &kPool};

constexpr KeySpec kPlace{.kind = K::kObject, .fields = place_detail::kPlaceFields};

constexpr KeySpec kPlaces{
    .name = "places",
    .kind = K::kMap,
    .description =
        "Where attempts run: this machine, Docker daemons, namespaces of clusters, with what each "
        "has and costs. A task goes to the cheapest that fits and has room, and waits while none "
        "has; where no place is of a type that takes it, nothing is counted. At most 100.",
    .item = &kPlace};

constexpr KeySpec kProgramWord{.kind = K::kText};
constexpr KeySpec kProgram{
    .kind = K::kList, .one_or_list = true, .item = &kProgramWord, .least = 1};

constexpr KeySpec kPlugins{
    .name = "plugins",
    .kind = K::kMap,
    .description =
        "Task types that programs give, by their names, TEAM/TASK: acme/geocode: ./geocode.py, or "
        "a list with arguments, [python3, ./geocode.py]. What begins with ./ or ../ is from this "
        "file's folder; the first word without a slash is looked up in PATH. A program speaks the "
        "protocol of task servers on standard input and output, and declares the task with its "
        "JSON Schemas; `dyna types` shows them. At most 1,000.",
    .item = &kProgram};

}  // namespace

std::span<const KeySpec> project_keys() {
  static const std::array keys{
      kPools, kPlaces, kPlugins,
      KeySpec{.name = "retention",
              .kind = K::kObject,
              .description =
                  "What `dyna prune` and `dyna up` remove. Without it all is kept. Never removed: "
                  "runs that have not ended, or whose parent has not, those that a later run takes "
                  "over from, those of a backfill that goes on, and the newest.",
              .fields = retention_keys()},
      KeySpec{
          .name = "server",
          .kind = K::kObject,
          .description =
              "Where `dyna up` serves its API, and within what limits. Each key can stand in the "
              "environment too (DYNA_LISTEN, DYNA_LIMITS_BODY), and in `dyna up --set "
              "limits.body=2MiB`; the last of file, environment and option counts.",
          .fields = server_keys()}};
  return keys;
}
std::span<const KeySpec> pool_keys() {
  return kPoolFields;
}
std::span<const KeySpec> place_keys() {
  return place_detail::kPlaceFields;
}

}  // namespace cordyna::flow
