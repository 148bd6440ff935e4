#include "git/host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

#include "git/repository.hpp"
#include "model/identity.hpp"

namespace cordyna::git {
namespace {

std::unexpected<Error> follows_nothing(std::string_view ns) {
  return fail(ErrorCode::kNotFound,
              fmt::format("namespace '{}' follows no branch; git.yaml names those that do", ns));
}

}  // namespace

class GitHost::Impl final : public CommitObserver {
 public:
  explicit Impl(HostParts parts) : parts_(std::move(parts)) { read_again(); }
  ~Impl() override { end(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void begin(Cerebro& cerebro) {
    cerebro.subscribe(*this);
    const std::lock_guard lock(mutex_);
    parts_.follower.cerebro = &cerebro;
    begun_ = true;
    follow_plan();
  }

  void end() {
    std::vector<std::unique_ptr<Follower>> all;
    {
      const std::lock_guard lock(mutex_);
      if (!begun_) return;
      begun_ = false;
      const std::lock_guard also(followers_mutex_);
      all = std::move(followers_);
      std::ranges::move(retired_, std::back_inserter(all));
      followers_.clear();
      retired_.clear();
    }
    parts_.follower.cerebro->unsubscribe(*this);
    for (const auto& one : all) one->stop();
  }

  void on_commit(const ChangeSet& changes) override {
    if (changes.applied.empty()) return;
    const std::lock_guard lock(followers_mutex_);
    for (const AppliedFlowRow& row : changes.applied) {
      if (Follower* const one = find(row.ns); one != nullptr) one->note_change(row);
    }
  }
  void on_stopped(const Error& /*error*/) override {}

  GitStatus status() {
    read_again();
    GitStatus out;
    {
      const std::lock_guard lock(mutex_);
      out.problem = problem_;
    }
    const std::lock_guard lock(followers_mutex_);
    for (const auto& one : followers_) out.follows.push_back(one->status());
    return out;
  }

  Result<std::optional<GitEdit>> edit(std::string_view ns, std::string_view flow_id,
                                      const AppliedFlowRow* present, std::string_view mark) {
    const std::lock_guard lock(followers_mutex_);
    const Follower* const one = find(ns);
    if (one == nullptr) return std::optional<GitEdit>();
    TRY_ASSIGN(GitEdit edit, one->edit(ns, flow_id, present, mark));
    return std::optional(std::move(edit));
  }

  Result<> check_free(std::string_view ns, std::string_view flow_id) {
    const std::lock_guard lock(mutex_);
    const GitFollow* const follow = follow_of(plan_, ns);
    if (follow == nullptr) return {};
    return fail(
        ErrorCode::kConflict,
        fmt::format("flow '{}' follows branch {} of {}, and is changed there{}",
                    flow_name(std::string(ns), std::string(flow_id)), follow->branch, follow->url,
                    follow->push ? ", in the UI or by 'dyna apply --server'" : ""));
  }

  /// Calls with the follower, or tells that there is none.
  void with(std::string_view ns, GitFollows::Done done, const auto& call) {
    read_again();
    {
      const std::lock_guard lock(followers_mutex_);
      if (Follower* const one = find(ns); one != nullptr) return call(*one, std::move(done));
    }
    done(follows_nothing(ns));
  }

 private:
  /// As the file is by now; what is wrong with it is told once.
  void read_again() {
    const std::lock_guard lock(mutex_);
    auto plan = parts_.read_plan();
    if (!plan.has_value()) {
      if (problem_ != plan.error().message) say(plan.error().message);
      problem_ = plan.error().message;
      return;
    }
    if (!plan->has_value()) return;
    problem_.clear();
    plan_ = **std::move(plan);
    if (begun_) follow_plan();
  }

  /// With mutex_. Those that are as before go on; the others end without being waited for.
  void follow_plan() {
    if (!plan_.follows.empty()) {
      if (const auto done = begin_git(plan_.ca_file); !done.has_value()) {
        problem_ = fmt::format("'ca_file' of git.yaml: {}", done.error().message);
        say(problem_);
      }
    }
    const std::lock_guard lock(followers_mutex_);
    std::vector<std::unique_ptr<Follower>> before = std::move(followers_);
    followers_.clear();
    for (const GitFollow& follow : plan_.follows) {
      std::unique_ptr<Follower> same =
          take(before, [&follow](const Follower& one) { return one.follow() == follow; });
      if (same == nullptr) same = begin_one(follow, before);
      followers_.push_back(std::move(same));
    }
    for (std::unique_ptr<Follower>& one : before) {
      one->stop();
      retired_.push_back(std::move(one));
    }
    std::erase_if(retired_, [](const auto& one) { return one->has_ended(); });
  }

  /// Two at once would take the clone of a namespace from each other: the one before ends first,
  /// without anybody who waits for that here.
  std::unique_ptr<Follower> begin_one(const GitFollow& follow,
                                      std::vector<std::unique_ptr<Follower>>& others) {
    const auto is_of = [&follow](const Follower& one) { return one.follow().ns == follow.ns; };
    std::unique_ptr<Follower> before = take(others, is_of);
    if (before == nullptr) before = take(retired_, is_of);
    if (before != nullptr) before->stop();
    return std::make_unique<Follower>(parts_.follower, follow, std::move(before));
  }

  static std::unique_ptr<Follower> take(std::vector<std::unique_ptr<Follower>>& from,
                                        const auto& fits) {
    const auto found = std::ranges::find_if(from, [&](const auto& one) { return fits(*one); });
    if (found == from.end()) return nullptr;
    std::unique_ptr<Follower> taken = std::move(*found);
    from.erase(found);
    return taken;
  }

  /// With followers_mutex_.
  Follower* find(std::string_view ns) {
    const auto found = std::ranges::find_if(
        followers_, [ns](const auto& one) { return reaches(one->follow().ns, ns); });
    return found == followers_.end() ? nullptr : found->get();
  }

  void say(const std::string& text) const {
    if (parts_.follower.told) parts_.follower.told(fmt::format("git: {}", text));
  }

  HostParts parts_;
  std::mutex mutex_;
  // Guarded by mutex_.
  GitPlan plan_;
  std::string problem_;
  bool begun_ = false;
  std::mutex followers_mutex_;  // taken after mutex_, where both are
  // Guarded by followers_mutex_.
  std::vector<std::unique_ptr<Follower>> followers_;
  std::vector<std::unique_ptr<Follower>> retired_;  // that end
};

GitHost::GitHost(HostParts parts) : impl_(std::make_unique<Impl>(std::move(parts))) {}
GitHost::~GitHost() = default;

void GitHost::end() {
  impl_->end();
}

void GitHost::begin(Cerebro& cerebro) {
  impl_->begin(cerebro);
}

GitStatus GitHost::status() {
  return impl_->status();
}

Result<std::optional<GitEdit>> GitHost::edit(std::string_view ns, std::string_view flow_id,
                                             const AppliedFlowRow* present, std::string_view mark) {
  return impl_->edit(ns, flow_id, present, mark);
}

void GitHost::sync(std::string_view ns, bool discard, AuditNote note, Done done) {
  impl_->with(ns, std::move(done), [&](Follower& one, Done wanted) {
    one.sync(discard, std::move(note), std::move(wanted));
  });
}

void GitHost::push(std::string_view ns, GitAuthor author, AuditNote note, Done done) {
  impl_->with(ns, std::move(done), [&](Follower& one, Done wanted) {
    one.push(std::move(author), std::move(note), std::move(wanted));
  });
}

Result<> GitHost::check_free(std::string_view ns, std::string_view flow_id) {
  return impl_->check_free(ns, flow_id);
}

}  // namespace cordyna::git
