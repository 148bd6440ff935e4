#include "server/live/streams.hpp"

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <utility>

#include "base/text.hpp"
#include "service/history.hpp"

namespace cordyna::server {
namespace {

constexpr std::uint32_t kAtOnce = 100;
constexpr std::string_view kComment = ":\n\n";  // says nothing to whoever takes events apart

/// As the API calls what is listed.
std::string_view list_of(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kRun: return "runs";
    case ChangeKind::kFlow: return "flows";
    case ChangeKind::kBackfill: return "backfills";
    case ChangeKind::kPool: return "pools";
    case ChangeKind::kTrigger: return "triggers";
  }
  return "";
}

/// Listens at the hub as long as it lives.
class Ear {
 public:
  explicit Ear(std::shared_ptr<Hub> hub) : hub_(std::move(hub)) {}
  ~Ear() {
    if (number_ != 0) hub_->leave(number_);
  }
  Ear(const Ear&) = delete;
  Ear& operator=(const Ear&) = delete;
  void listen(RunNo run, Hub::Wake wake) { number_ = hub_->listen(run, std::move(wake)); }
  [[nodiscard]] Hub& hub() const { return *hub_; }

 private:
  std::shared_ptr<Hub> hub_;
  std::uint64_t number_ = 0;
};

class RunStream final : public BodySource {
 public:
  RunStream(StoreReader& reader, std::shared_ptr<Hub> hub, RunNo run, std::int64_t after)
      : reader_(reader), history_(reader), ear_(std::move(hub)), run_(run), after_(after) {}

  void on_wake(std::function<void()> wake) override { ear_.listen(run_, std::move(wake)); }

  void show_life(std::string& out) override { out += kComment; }

  Pulled pull(std::string& out) override {
    // Asked before the history is read: what it says then is the last that there is.
    const auto run = reader_.find_run(run_);
    const auto updates = history_.read(run_, after_, kAtOnce);
    if (!run.has_value() || !updates.has_value()) {
      out += "event: end\ndata: {}\n\n";
      return Pulled::kEnd;
    }
    for (const Update& update : *updates) {
      after_ = update.seq;
      fmt::format_to(std::back_inserter(out), "id: {}\nevent: update\ndata: ", update.seq);
      append_json(out, update);
      out += "\n\n";
    }
    if (updates->size() == kAtOnce) return Pulled::kMore;
    if (!is_final(run->state)) return Pulled::kWait;
    fmt::format_to(std::back_inserter(out), "event: end\ndata: {{\"run\":{},\"state\":\"{}\"}}\n\n",
                   run_, to_string(run->state));
    return Pulled::kEnd;
  }

 private:
  StoreReader& reader_;
  History history_;
  Ear ear_;
  RunNo run_;
  std::int64_t after_;
};

class AllRunsStream final : public BodySource {
 public:
  AllRunsStream(std::shared_ptr<Hub> hub, Caller caller, std::string epoch,
                const std::string& last_id)
      : ear_(std::move(hub)), caller_(std::move(caller)), epoch_(std::move(epoch)) {
    after_ = ear_.hub().last();
    if (last_id.empty()) return;
    const std::size_t dash = last_id.find('-');
    std::uint64_t seq = 0;
    const char* const end = last_id.data() + last_id.size();
    const bool known = dash != std::string::npos && last_id.substr(0, dash) == epoch_;
    const char* const begin = known ? last_id.data() + dash + 1 : end;
    const auto [stop, error] = std::from_chars(begin, end, seq);
    lost_ = error != std::errc() || stop != end || !ear_.hub().changes_after(seq, 0).has_value();
    if (!lost_) after_ = seq;
  }

  void on_wake(std::function<void()> wake) override { ear_.listen(0, std::move(wake)); }

  void show_life(std::string& out) override { out += kComment; }

  Pulled pull(std::string& out) override {
    if (std::exchange(begun_, true) == false) out += "retry: 1000\n\n";
    auto changes = ear_.hub().changes_after(after_, kAtOnce);
    if (std::exchange(lost_, false) || !changes.has_value()) {
      after_ = ear_.hub().last();
      fmt::format_to(std::back_inserter(out), "id: {}-{}\nevent: reset\ndata: {{}}\n\n", epoch_,
                     after_);
      return Pulled::kMore;
    }
    for (const Change& change : *changes) {
      after_ = change.seq;
      if (!caller_.may(Role::kViewer, change.ns)) continue;
      if (change.kind != ChangeKind::kRun) {
        fmt::format_to(std::back_inserter(out),
                       "id: {}-{}\nevent: changed\ndata: {{\"what\":\"{}\"}}\n\n", epoch_,
                       change.seq, list_of(change.kind));
        continue;
      }
      fmt::format_to(std::back_inserter(out),
                     "id: {}-{}\nevent: run\ndata: {{\"run\":{},\"id\":\"{}\",\"flow\":", epoch_,
                     change.seq, change.run, change.id);
      append_json(out, change.flow_id);
      out += ",\"namespace\":";
      append_json(out, change.ns);
      fmt::format_to(std::back_inserter(out), ",\"state\":\"{}\"}}\n\n", to_string(change.state));
    }
    return changes->size() == kAtOnce ? Pulled::kMore : Pulled::kWait;
  }

 private:
  Ear ear_;
  Caller caller_;
  std::string epoch_;
  std::uint64_t after_ = 0;
  bool lost_ = false;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<BodySource> run_stream(StoreReader& reader, std::shared_ptr<Hub> hub, RunNo run,
                                       std::int64_t after) {
  return std::make_unique<RunStream>(reader, std::move(hub), run, after);
}

std::unique_ptr<BodySource> all_runs_stream(std::shared_ptr<Hub> hub, Caller caller,
                                            std::string epoch, const std::string& last_id) {
  return std::make_unique<AllRunsStream>(std::move(hub), std::move(caller), std::move(epoch),
                                         last_id);
}

}  // namespace cordyna::server
