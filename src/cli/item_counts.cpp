#include "cli/item_counts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "model/layout.hpp"

namespace cordyna::cli {
namespace {

/// Of "100000 items": what a foreach says when it begins.
std::size_t items_begun(const Update& update) {
  std::size_t items = 0;
  if (update.task_state != TaskState::kStarted || !update.detail.ends_with(" items")) return 0;
  std::from_chars(update.detail.data(), update.detail.data() + update.detail.size(), items);
  return items;
}

/// The foreach of the innermost item: "a[1]/b" of "a[1]/b[2]/c".
std::string_view loop_of(std::string_view path) {
  return path.substr(0, path.rfind('['));
}

}  // namespace

ItemCounts::ItemCounts(std::shared_ptr<const Flow> flow) : flow_(std::move(flow)) {
  for (const TaskSpec& task : flow_->tasks) {
    TaskIndex in = task.inside;
    while (in != kNoTask && flow_->tasks[in].foreach.items.empty()) in = flow_->tasks[in].inside;
    if (in != kNoTask) ++own_[flow_->tasks[in].id];
  }
}

const ItemCounts::Loop* ItemCounts::take(const Update& update) {
  if (own_.empty()) return nullptr;
  const std::string_view path = update.task;
  const bool is_loop = own_.contains(task_in_path(path));
  if (is_loop && update.task_state == TaskState::kStarted) {
    loops_[update.task] = {items_begun(update), 0, 0};
  }
  if (path.find('[') != std::string_view::npos && update.task_state.has_value() &&
      is_final(*update.task_state)) {
    if (update.task_state == TaskState::kError) {
      const auto outer = loops_.find(path.substr(0, path.find('[')));
      if (outer != loops_.end()) ++outer->second.failed;
    }
    end_in_item(path);
  }
  const auto outer = loops_.find(path.substr(0, path.find('[')));
  if (outer == loops_.end()) return nullptr;
  last_ = outer->second;
  if (is_loop && update.task_state.has_value() && is_final(*update.task_state)) {
    loops_.erase(update.task);
  }
  return &last_;
}

void ItemCounts::end_in_item(std::string_view path) {
  const std::string item(path.substr(0, path.rfind(']') + 1));
  const auto own = own_.find(task_in_path(loop_of(path)));
  if (own == own_.end()) return;
  if (++ended_[item] < own->second) return;
  ended_.erase(item);
  const auto loop = loops_.find(loop_of(path));
  if (loop != loops_.end()) ++loop->second.ended;
}

bool ItemCounts::too_many(std::string_view path) const {
  std::size_t items = 1;
  for (; path.find('[') != std::string_view::npos; path = loop_of(path)) {
    const auto loop = loops_.find(loop_of(path));
    if (loop != loops_.end()) items *= std::max<std::size_t>(loop->second.items, 1);
    if (items > kShownMax) return true;
  }
  return false;
}

std::string ItemCounts::text(const Loop& loop) {
  std::string out = fmt::format("{}/{} items", grouped(loop.ended), grouped(loop.items));
  if (loop.failed > 0) out += fmt::format(", {} failed", grouped(loop.failed));
  return out;
}

}  // namespace cordyna::cli
