#include "flow/retention_file.hpp"

#include <array>
#include <charconv>

#include "base/durations.hpp"
#include "flow/project_file.hpp"

namespace cordyna::flow {
namespace {

using K = ValueKind;

constexpr KeySpec kAge{.name = "age",
                       .kind = K::kDuration,
                       .description = "What ended longer ago goes.",
                       .least = 1000};
constexpr KeySpec kSize{.name = "size",
                        .kind = K::kSize,
                        .description = "The newest of so many bytes stay.",
                        .least = 1};
constexpr std::array kRunRules{kAge,
                               KeySpec{.name = "count",
                                       .kind = K::kInt,
                                       .description = "The newest so many stay.",
                                       .least = 1,
                                       .most = 100'000'000},
                               kSize};
constexpr std::array kFileRules{kAge, kSize};
constexpr std::array kTickRules{kAge};

constexpr std::array kRetentionFields{
    KeySpec{.name = "runs",
            .kind = K::kObject,
            .description = "Runs with all of theirs.",
            .fields = kRunRules},
    KeySpec{.name = "logs",
            .kind = K::kObject,
            .description = "What tasks printed.",
            .fields = kFileRules},
    KeySpec{.name = "artifacts",
            .kind = K::kObject,
            .description = "Files that tasks left.",
            .fields = kFileRules},
    KeySpec{.name = "cache",
            .kind = K::kObject,
            .description = "Work that is kept for tasks with a `cache`.",
            .fields = kFileRules},
    KeySpec{.name = "ticks",
            .kind = K::kObject,
            .description = "What became of the times of triggers.",
            .fields = kTickRules},
    KeySpec{.name = "events",
            .kind = K::kObject,
            .description = "What came in through triggers. Whoever sends an event again after this "
                           "long starts another run.",
            .fields = kTickRules},
};

/// From here on every value fits.
RetentionRule rule_of(const Node& retention, std::string_view name) {
  RetentionRule rule;
  const Node* node = retention.find(name);
  if (node == nullptr || node->kind != NodeKind::kMap) return rule;
  if (const Node* age = node->find("age"); age != nullptr) {
    rule.age = parse_duration(age->text).value_or(0);
  }
  if (const Node* size = node->find("size"); size != nullptr) {
    rule.size = parse_size(size->text).value_or(0);
  }
  if (const Node* count = node->find("count"); count != nullptr) {
    std::from_chars(count->text.data(), count->text.data() + count->text.size(), rule.count);
  }
  return rule;
}

}  // namespace

std::span<const KeySpec> retention_keys() {
  return kRetentionFields;
}

Retention retention_of(const Node& retention) {
  Retention found;
  found.runs = rule_of(retention, "runs");
  found.logs = rule_of(retention, "logs");
  found.artifacts = rule_of(retention, "artifacts");
  found.cache = rule_of(retention, "cache");
  found.ticks = rule_of(retention, "ticks");
  found.events = rule_of(retention, "events");
  return found;
}

Result<Retention> read_retention(const std::string& folder) {
  TRY_ASSIGN(const Project project, load_project(folder));
  return project.retention;
}

}  // namespace cordyna::flow
