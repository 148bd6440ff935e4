// dyna prune: removes what is older than the project's retention keeps; dyna up does it by itself.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/prune_text.hpp"
#include "cli/pruner.hpp"

namespace cordyna::cli {
namespace {

constexpr std::size_t kBarColumns = 24;

/// A line on standard error that is drawn over and over; nothing where that is no terminal.
class ProgressBar {
 public:
  ProgressBar(bool wanted, RunNo last)
      : drawn_(wanted && ::isatty(STDERR_FILENO) == 1), last_(last) {}
  ~ProgressBar() {
    if (drawn_) put("\r\x1b[K");
  }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(RunNo at) const {
    if (!drawn_ || last_ <= 0) return;
    const auto full = static_cast<std::size_t>(at) * kBarColumns / static_cast<std::size_t>(last_);
    std::string bar;
    for (std::size_t i = 0; i < kBarColumns; ++i) bar += i < full ? "━" : "─";
    put(fmt::format("\r{} run {} of {}\x1b[K", bar, at, last_));
  }

 private:
  static void put(const std::string& text) {
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  }
  bool drawn_;
  RunNo last_;
};

/// The rows go by the owner's own hand: nobody else writes while we have the store.
Pruner::RemoveRows remover(Store& store) {
  return [&store](OldRows rows) -> Result<std::int64_t> {
    ChangeSet changes;
    const auto count = static_cast<std::int64_t>(rows.runs.size());
    changes.removed_runs = std::move(rows.runs);
    changes.removed_ticks = std::move(rows.ticks);
    changes.removed_events = std::move(rows.events);
    TRY(store.commit(changes));
    return count;
  };
}

Result<PruneCounts> prune_all(Pruner& pruner, const Clock& clock, const ProgressBar& bar) {
  PruneCounts all;
  while (true) {
    TRY_ASSIGN(const PruneStep step, pruner.step(clock.now()));
    all += step.done;
    if (step.pass_ended) return all;
    bar.show(step.at);
  }
}

Result<std::unique_ptr<Store>> own(const CommandContext& context, const StateLayout& layout) {
  auto store = context.parts.open_store(layout, [] {});
  if (store.has_value() || store.error().code != ErrorCode::kConflict) return store;
  return fail(
      ErrorCode::kConflict,
      fmt::format("{} has an owner that runs ({}): 'dyna up' removes what is old by itself; "
                  "else wait until it has ended",
                  printable(layout.folder()), store.error().message));
}

}  // namespace

CommandResult prune_command(CommandContext& context) {
  const Arguments& arguments = context.arguments;
  TRY_ASSIGN(const StateLayout layout, state_here(context));
  std::error_code ignored;
  const std::string folder = std::filesystem::absolute(layout.folder(), ignored).parent_path();
  TRY_ASSIGN(const flow::Retention retention, flow::read_retention(folder));
  PruneCounts counts;
  if (arguments.dry_run || retention.empty()) {
    TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, context.parts.open_reader(layout));
    Pruner pruner(*reader, layout, retention, {});
    TRY_ASSIGN(counts, prune_all(pruner, *context.parts.clock, ProgressBar(false, 0)));
  } else {
    TRY_ASSIGN(const std::unique_ptr<Store> store, own(context, layout));
    TRY_ASSIGN(const RunNo last, store->last_run_no());
    Pruner pruner(*store, layout, retention, remover(*store));
    const ProgressBar bar(!arguments.json, last);
    TRY_ASSIGN(counts, prune_all(pruner, *context.parts.clock, bar));
  }
  if (arguments.json) {
    context.output.write(prune_json(counts, arguments.dry_run));
  } else if (retention.empty()) {
    context.output.write(fmt::format(
        "all is kept: {} has no 'retention', as {{runs: {{age: 90d}}, logs: {{age: 30d}}}}\n",
        printable(folder + "/cordyna.yaml")));
  } else {
    context.output.write(prune_text(counts, arguments.dry_run) + "\n");
  }
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
