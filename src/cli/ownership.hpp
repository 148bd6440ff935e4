/// Owning a state: store, cerebro, processes and the socket for further commands, connected and
/// taken apart in the right order.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "cli/feed.hpp"
#include "cli/owner_server.hpp"
#include "cli/parts.hpp"
#include "cli/view.hpp"
#include "flow/file_bounds.hpp"
#include "model/layout.hpp"
#include "ports/flow_finder.hpp"
#include "server/tasks/task_servers.hpp"
#include "service/flow_cache.hpp"
#include "service/history.hpp"

namespace cordyna::cli {

struct OwnerSettings {
  engine::Limits limits{2};
  StateLayout layout;
  std::size_t events_max = 1'000'000;     ///< as of CerebroSettings
  bool waits_for_space = false;           ///< as CerebroSettings
  flow::FileBounds files{};               ///< of files that events name
  bool task_servers = false;              ///< whether they may come
  std::uint32_t messages_per_second = 0;  ///< as TaskServerParts
  std::uint32_t team_attempts = 0;        ///< as TaskServerParts
};

/// Whether a flow may be changed by who works on the state folder. Errors: kConflict: why not.
using FlowGuard = std::function<Result<>(const FlowChange& change)>;

/// Threads: one, but for what OwnerService says.
class Ownership final : public OwnerService {
 public:
  /// Borrows parts, flows and view.
  Ownership(const Parts& parts, OwnerSettings settings, std::unique_ptr<Store> store,
            FlowCache& flows, View& view);
  /// Running tasks go on under their guardians.
  ~Ownership() override;

  /// A run whose updates after `after` the view gets, and whose end take_ended() tells. Before
  /// start().
  void expect(const RunId& id, std::shared_ptr<const Flow> flow, std::int64_t after);
  /// Also told of every commit. Borrowed. Before start().
  void observe(CommitObserver& observer) { observer_ = &observer; }
  /// Asked of each change that comes over the socket. Before start().
  void guard(FlowGuard guard) { guard_ = std::move(guard); }
  [[nodiscard]] Result<> start();

  /// As Cerebro::serve and Cerebro::apply.
  [[nodiscard]] Result<std::int64_t> serve(bool on);
  [[nodiscard]] Result<std::int64_t> apply(std::vector<FlowChange> changes);
  /// No more runs of backfills; another owner carries them on.
  [[nodiscard]] Result<> leave_backfills();
  void clock_was_set();
  /// For a server.
  [[nodiscard]] Cerebro& cerebro() { return *cerebro_; }
  /// Null: none may come.
  [[nodiscard]] server::TaskServers* task_servers() { return task_servers_.get(); }
  /// As Cerebro::remove.
  [[nodiscard]] Result<std::int64_t> remove(OldRows rows);

  /// Without the detour over text that handle() takes.
  [[nodiscard]] Result<RunNo> submit(RunRequest request);
  Result<RunNo> handle(const OwnerRequest& request) override;
  Result<std::vector<Update>> history(RunNo run, std::int64_t after, std::uint32_t limit) override;

  /// Asks for the cancel of a run without waiting for it to be saved.
  void cancel_soon(const RunId& id);

  /// For poll: readable when take_ended() or stopped() has news.
  [[nodiscard]] int fd() const { return wake_.get(); }
  /// Expected runs that have come to rest since the last call (they ended, or are paused), or go on
  /// after a pause.
  [[nodiscard]] std::vector<RunRow> take_ended();
  /// How many runs that expected ones began have not come to rest.
  [[nodiscard]] std::size_t begun_below() const { return feed_->begun_below(); }
  /// Errors: why the store refused to go on.
  [[nodiscard]] Result<> stopped();

 private:
  FeedListener listener();
  [[nodiscard]] Result<> take_task_servers();
  Result<FoundFlow> find_flow(std::string_view ns, std::string_view id, const std::string& folder);
  Result<RunNo> ask(ServerRequest wanted, const OwnerRequest& from, std::string_view action,
                    std::string subject, std::string after = {});
  Result<RunNo> start_run(const OwnerRequest& request);
  Result<RunNo> start_rerun(const OwnerRequest& request);
  Result<RunNo> apply_flows(const OwnerRequest& request);
  Result<std::int64_t> switch_flow(const OwnerRequest& request);
  Result<BackfillNo> steer_backfill(const OwnerRequest& request, BackfillOp op);
  Result<BackfillNo> start_backfill(const OwnerRequest& request);
  void wake();

  const Parts& parts_;
  OwnerSettings settings_;
  std::unique_ptr<Store> store_;
  FlowCache& flows_;
  View& view_;
  CommitObserver* observer_ = nullptr;
  FlowGuard guard_;
  Fd wake_;
  struct Expected {
    std::shared_ptr<const Flow> flow;
    std::int64_t after = 0;
  };
  std::map<RunId, Expected> expected_;  // not changed after start()
  std::mutex mutex_;
  std::vector<RunRow> ended_;     // guarded by mutex_
  std::optional<Error> stopped_;  // guarded by mutex_

  // Of the server's thread.
  std::unique_ptr<StoreReader> reader_;
  std::unique_ptr<History> history_;

  // In the order in which they are made.
  std::unique_ptr<Feed> feed_;
  std::unique_ptr<Cerebro> cerebro_;
  std::unique_ptr<Executor> process_;
  std::unique_ptr<server::TaskServers> task_servers_;
  std::atomic<OwnerServer*> listening_ = nullptr;
  std::unique_ptr<OwnerServer> server_;
  std::vector<std::thread> cancels_;
};

}  // namespace cordyna::cli
