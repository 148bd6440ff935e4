#include "git/follower.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "base/json_text.hpp"
#include "cerebro/take_in.hpp"
#include "git/access.hpp"
#include "git/book_text.hpp"
#include "git/checkout.hpp"
#include "git/repository.hpp"
#include "git/sync_plan.hpp"
#include "git/tree_flows.hpp"
#include "service/apply_plan.hpp"

namespace cordyna::git {
namespace {

constexpr Millis kPauseMax = 900'000;
constexpr int kApplyTries = 20;
constexpr std::size_t kWishesMax = 100;
constexpr std::size_t kNamesInAudit = 20;
constexpr std::chrono::minutes kFetchMax{10};

struct Wish {
  bool push = false;
  bool discard = false;
  GitAuthor author{};
  AuditNote note{};
  GitFollows::Done done{};
};

/// Whether an error is of the commit, and stays until there is another one.
bool is_of_commit(const Error& error) {
  return error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kNotFound;
}

std::string names_of(const std::vector<FlowChange>& changes) {
  std::string names;
  for (std::size_t i = 0; i < changes.size() && i < kNamesInAudit; ++i) {
    names += (names.empty() ? "flow " : ", ") + flow_name(changes[i].ns, changes[i].flow_id);
  }
  return changes.size() > kNamesInAudit ? names + ", …" : names;
}

std::string one_line(std::string text) {
  std::ranges::replace_if(
      text,
      [](char one) { return static_cast<unsigned char>(one) < ' ' || one == '<' || one == '>'; },
      ' ');
  return text;
}

}  // namespace

Millis pause_after(Millis every, int failures) {
  Millis pause = every;
  for (int i = 1; i < failures && pause < kPauseMax; ++i) pause *= 2;
  return std::max(every, std::min(pause, kPauseMax));
}

class Follower::Impl {
 public:
  Impl(FollowerParts parts, GitFollow follow, std::unique_ptr<Follower> before)
      : before_(std::move(before)),
        parts_(std::move(parts)),
        follow_(std::move(follow)),
        checkout_(fmt::format("{}/{}", parts_.folder, follow_.ns)),
        repository_(fmt::format("{}/{}/clone", parts_.folder, follow_.ns),
                    [this] { return is_over(); }) {
    shown_.follow = follow_;
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
  }
  ~Impl() {
    stop();
    thread_.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void stop() { thread_.request_stop(); }
  [[nodiscard]] const GitFollow& follow() const { return follow_; }

  [[nodiscard]] bool has_ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

  [[nodiscard]] FollowStatus status() const {
    const std::lock_guard lock(mutex_);
    FollowStatus out = shown_;
    out.edits.assign(edits_.begin(), edits_.end());
    return out;
  }

  Result<GitEdit> edit(std::string_view ns, std::string_view flow_id, const AppliedFlowRow* present,
                       std::string_view mark) const;

  void add(Wish wish) {
    bool ended = false;
    {
      const std::lock_guard lock(mutex_);
      ended = ended_;
      if (wishes_.size() < kWishesMax && !ended) {
        wishes_.push_back(std::move(wish));
        wake_.notify_all();
        return;
      }
    }
    wish.done(
        fail(ErrorCode::kUnavailable,
             ended ? "this follow ends" : "too much is asked of this follow; try again later"));
  }

  void note_change(const AppliedFlowRow& row) {
    const auto place = parse_git_place(row.file);
    const std::string name = flow_name(row.ns, row.flow_id);
    const std::lock_guard lock(mutex_);
    if (place.has_value() && place->edited) {
      edits_.insert(name);
    } else {
      edits_.erase(name);
    }
  }

 private:
  void work(const std::stop_token& stop);
  void begin();
  void answer(Wish wish);
  Result<> look(bool discard, std::optional<AuditNote>& note);
  Result<GitCommit> fetch();
  Result<> take_over(const GitCommit& tip, bool discard, std::optional<AuditNote>& note);
  Result<TreeFlows> tree_of(const std::string& commit);
  Result<std::vector<AppliedFlowRow>> present_flows();
  Result<bool> apply(const GitCommit& tip, const SyncPlan& plan, std::optional<AuditNote>& note);
  Result<> push(const GitAuthor& author, std::optional<AuditNote>& note);
  Result<NewCommit> commit_of(const GitAuthor& author);
  Result<> ask(ServerRequest request, std::optional<AuditNote> note);
  void save();
  void publish(bool busy);
  void say(const std::string& text) const {
    if (parts_.told) parts_.told(fmt::format("git: {}: {}", follow_.ns, text));
  }
  [[nodiscard]] bool is_over() const {
    return stop_.stop_requested() || std::chrono::steady_clock::now() > fetch_until_;
  }
  /// Whether the branch has no flow there.
  [[nodiscard]] bool is_gone(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    return paths_.has_value() && !paths_->contains(path);
  }
  void note_paths(const TreeFlows& tree) {
    std::set<std::string> paths;
    for (const TreeFlow& flow : tree.flows) paths.insert(flow.path);
    const std::lock_guard lock(mutex_);
    paths_ = std::move(paths);
  }
  [[nodiscard]] GitBook book_at(const GitCommit& tip) const;

  std::unique_ptr<Follower> before_;  // of thread_ alone
  FollowerParts parts_;
  GitFollow follow_;

  // Of thread_ alone.
  std::stop_token stop_;
  Checkout checkout_;
  Repository repository_;
  GitBook book_;
  std::string saved_;  // the text of book_ that the state has
  std::string said_;   // what was told last of what is wrong
  int failures_ = 0;
  Millis looked_at_ = 0;
  Millis next_at_ = 0;
  std::chrono::steady_clock::time_point fetch_until_{};

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  // Guarded by mutex_.
  FollowStatus shown_;
  std::set<std::string> edits_;
  std::optional<std::set<std::string>> paths_;  // of the flows that the branch has
  std::deque<Wish> wishes_;
  bool ended_ = false;

  std::jthread thread_;
};

void Follower::Impl::work(const std::stop_token& stop) {
  stop_ = stop;
  before_.reset();
  begin();
  while (!stop.stop_requested()) {
    std::optional<Wish> wish;
    {
      std::unique_lock lock(mutex_);
      const Millis rest = std::max<Millis>(next_at_ - parts_.clock->wall(), 0);
      // Clocks are set: no wait is longer than a pause may be.
      wake_.wait_for(lock, stop,
                     std::chrono::milliseconds(std::min(rest, follow_.every + kPauseMax)),
                     [this] { return !wishes_.empty(); });
      if (!wishes_.empty()) {
        wish = std::move(wishes_.front());
        wishes_.pop_front();
      }
    }
    if (stop.stop_requested() && !wish.has_value()) break;
    if (wish.has_value()) {
      answer(*std::move(wish));
    } else if (parts_.clock->wall() >= next_at_) {
      std::optional<AuditNote> none;
      (void)look(false, none);
    }
  }
  std::deque<Wish> left;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    left.swap(wishes_);
  }
  for (Wish& wish : left) wish.done(fail(ErrorCode::kUnavailable, "this follow ends"));
}

void Follower::Impl::begin() {
  const auto reader = parts_.open_reader();
  if (reader.has_value()) {
    const auto text = (*reader)->find_position(position_of(follow_.ns));
    if (text.has_value()) {
      const auto book = read_book(*text);
      if (book.has_value()) book_ = *book;
      if (book.has_value()) saved_ = *text;
      if (!book.has_value()) say(book.error().message);
    }
    AppliedFilter filter;
    filter.removed = true;
    if (const auto rows = all_applied(**reader, filter); rows.has_value()) {
      for (const AppliedFlowRow& row : *rows) {
        if (reaches(follow_.ns, row.ns)) note_change(row);
      }
    }
  }
  said_ = problem_of({.follow = follow_, .book = book_});
  publish(true);
}

void Follower::Impl::answer(Wish wish) {
  std::optional<AuditNote> note = std::move(wish.note);
  Result<> done = wish.push ? push(wish.author, note) : look(wish.discard, note);
  // What changed no flow is in the audit, too.
  if (done.has_value() && note.has_value()) done = ask(NoteRequest{}, std::move(note));
  if (done.has_value()) return wish.done(status());
  // Whatever the other side has against us is no matter of who asks.
  const bool told = done.error().code == ErrorCode::kConflict;
  wish.done(fail(told ? ErrorCode::kConflict : ErrorCode::kUnavailable, done.error().message));
}

Result<GitCommit> Follower::Impl::fetch() {
  TRY_ASSIGN(const Remote remote, remote_of(follow_, *parts_.secrets));
  fetch_until_ = std::chrono::steady_clock::now() + kFetchMax;
  return repository_.fetch(remote);
}

/// Errors: what kept it from looking; of a commit that cannot be applied the book tells.
Result<> Follower::Impl::look(bool discard, std::optional<AuditNote>& note) {
  publish(true);
  const auto tip = fetch();
  if (stop_.stop_requested()) {
    return fail(ErrorCode::kUnavailable, "this follow ends");
  }
  Result<> done;
  looked_at_ = parts_.clock->wall();
  if (tip.has_value()) {
    book_.seen = *tip;
    done = take_over(*tip, discard, note);
  } else {
    done = fail(ErrorCode::kUnavailable, fmt::format("branch {} of {}: {}", follow_.branch,
                                                     follow_.url, tip.error().message));
  }
  book_.problem = done.has_value() ? std::string() : done.error().message;
  failures_ = done.has_value() ? 0 : failures_ + 1;
  next_at_ = parts_.clock->wall() + pause_after(follow_.every, failures_);
  save();
  const std::string problem = problem_of({.follow = follow_, .book = book_});
  if (problem != said_ && !problem.empty()) say(problem);
  if (problem.empty() && !said_.empty()) say("all is well again");
  said_ = problem;
  publish(false);
  return done;
}

Result<TreeFlows> Follower::Impl::tree_of(const std::string& commit) {
  TRY(checkout_.take(repository_, commit, follow_.folder));
  return read_flows(checkout_.folder_of(commit, follow_.folder), follow_.folder,
                    parts_.plugin_types);
}

Result<std::vector<AppliedFlowRow>> Follower::Impl::present_flows() {
  TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, parts_.open_reader());
  AppliedFilter filter;
  filter.removed = true;
  return all_applied(*reader, filter);
}

Result<> Follower::Impl::take_over(const GitCommit& tip, bool discard,
                                   std::optional<AuditNote>& note) {
  const auto tree = tree_of(tip.id);
  if (!tree.has_value() && is_of_commit(tree.error())) {
    book_.flaws = {{{}, 0, 0, tree.error().message}};
    return {};
  }
  if (!tree.has_value()) return std::unexpected<Error>(tree.error());
  const SyncWish wish{&follow_, tip.id, checkout_.current(), discard};
  for (int tries = 0;; ++tries) {
    TRY_ASSIGN(const std::vector<AppliedFlowRow> present, present_flows());
    const SyncPlan plan = plan_sync(wish, *tree, present);
    if (!plan.flaws.empty()) {
      book_.flaws = plan.flaws;
      return {};
    }
    // The first flows find their files at once.
    if (book_.applied.id.empty()) TRY(checkout_.use(tip.id, follow_.folder));
    TRY_ASSIGN(const bool done, apply(tip, plan, note));
    if (done) break;
    if (tries == kApplyTries) {
      return fail(ErrorCode::kConflict, "its flows are changed again and again; it is tried later");
    }
  }
  note_paths(*tree);
  if (!checkout_.is_used(tip.id, follow_.folder)) TRY(checkout_.use(tip.id, follow_.folder));
  checkout_.tidy();
  return {};
}

GitBook Follower::Impl::book_at(const GitCommit& tip) const {
  GitBook book = book_;
  if (book.applied.id != tip.id) book.applied_at = parts_.clock->wall();
  book.applied = tip;
  book.flaws.clear();
  book.problem.clear();
  return book;
}

/// False: the state has moved meanwhile.
Result<bool> Follower::Impl::apply(const GitCommit& tip, const SyncPlan& plan,
                                   std::optional<AuditNote>& note) {
  GitBook book = book_at(tip);
  if (!plan.changes.empty()) {
    const std::string text = text_of(book);
    AuditNote entry = note.value_or(AuditNote());
    if (!note.has_value()) entry.actor = "git";
    if (!note.has_value()) entry.action = "followBranch";
    entry.subject = names_of(plan.changes);
    entry.ns = follow_.ns;
    entry.after =
        fmt::format(R"({{"commit":"{}","branch":{}}})", tip.id, json_string(follow_.branch));
    const Result<> done =
        ask(ApplyRequest{plan.changes, {{position_of(follow_.ns), text}}}, std::move(entry));
    if (!done.has_value() && done.error().code == ErrorCode::kConflict) return false;
    if (!done.has_value()) return std::unexpected<Error>(done.error());
    note.reset();
    saved_ = text;
  }
  const bool fresh = book_.applied.id != tip.id;
  book_ = std::move(book);
  if (fresh || plan.added + plan.changed + plan.removed > 0) {
    say(fmt::format("commit {} of branch {}: {}", short_commit(tip.id), follow_.branch,
                    totals_of(plan)));
  }
  return true;
}

Result<NewCommit> Follower::Impl::commit_of(const GitAuthor& author) {
  TRY_ASSIGN(const TreeFlows tree, tree_of(book_.applied.id));
  TRY_ASSIGN(const std::vector<AppliedFlowRow> present, present_flows());
  const SyncPlan plan =
      plan_sync({&follow_, book_.applied.id, checkout_.current(), false}, tree, present);
  if (!plan.flaws.empty()) return fail(ErrorCode::kConflict, to_string(plan.flaws.front()));
  if (plan.edits.empty()) {
    return fail(
        ErrorCode::kConflict,
        fmt::format("there is nothing to push: no flow of {} was changed here", follow_.ns));
  }
  NewCommit commit{.base = book_.applied.id};
  TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, parts_.open_reader());
  std::string names;
  for (const PendingEdit& edit : plan.edits) {
    NewFile file{.path = edit.path, .removed = edit.source.empty()};
    if (!file.removed) {
      TRY_ASSIGN(file.text, reader->find_source(edit.source));
    }
    names += (names.empty() ? "" : ", ") + edit.flow_id;
    commit.files.push_back(std::move(file));
  }
  commit.author = one_line(author.name);
  commit.email = one_line(author.email);
  commit.message = author.message.empty() ? "Change " + names : author.message;
  commit.at = parts_.clock->wall();
  return commit;
}

Result<> Follower::Impl::push(const GitAuthor& author, std::optional<AuditNote>& note) {
  publish(true);
  const auto moved = [this] {
    return fail(
        ErrorCode::kConflict,
        fmt::format("branch {} has moved: pull first ('dyna git sync {}'), then push again; "
                    "what was changed here stays",
                    follow_.branch, follow_.ns));
  };
  const auto done = [&]() -> Result<> {
    TRY_ASSIGN(book_.seen, fetch());
    if (book_.seen.id != book_.applied.id) return moved();
    TRY_ASSIGN(const NewCommit commit, commit_of(author));
    TRY_ASSIGN(const Remote remote, remote_of(follow_, *parts_.secrets));
    auto made = repository_.push(remote, commit);
    if (!made.has_value() && made.error().code == ErrorCode::kConflict) return moved();
    if (!made.has_value() && made.error().code == ErrorCode::kDenied) {
      return fail(ErrorCode::kConflict, fmt::format("nothing was pushed to branch {}: {}",
                                                    follow_.branch, made.error().message));
    }
    if (!made.has_value()) return std::unexpected<Error>(made.error());
    book_.seen = *made;
    say(fmt::format("commit {} was pushed to branch {}", short_commit(made->id), follow_.branch));
    // It is there: what becomes of it here, the status says.
    const Result<> taken = take_over(*made, false, note);
    book_.problem = taken.has_value() ? std::string() : taken.error().message;
    return {};
  }();
  save();
  publish(false);
  return done;
}

Result<GitEdit> Follower::Impl::edit(std::string_view ns, std::string_view flow_id,
                                     const AppliedFlowRow* present, std::string_view mark) const {
  const std::string name = flow_name(std::string(ns), std::string(flow_id));
  std::optional<GitPlace> before;
  if (present != nullptr) before = parse_git_place(present->file);
  if (mark.empty() && before.has_value() && is_gone(before->path)) {
    return GitEdit{folder_of(follow_, checkout_.current(), before->path),
                   to_string(GitPlace{before->commit, before->path})};
  }
  if (!follow_.push) {
    return fail(
        ErrorCode::kConflict,
        fmt::format("flow '{}' follows branch {} of {}: change {} there, or let changes be "
                    "pushed from here by 'push: true' in git.yaml",
                    name, follow_.branch, follow_.url, before.has_value() ? before->path : "it"));
  }
  std::string applied;
  {
    const std::lock_guard lock(mutex_);
    applied = shown_.book.applied.id;
  }
  if (applied.empty()) {
    return fail(ErrorCode::kConflict,
                fmt::format("flow '{}' follows branch {}, of which nothing is applied yet: 'dyna "
                            "git' says why",
                            name, follow_.branch));
  }
  GitPlace place{.commit = applied, .edited = true};
  if (before.has_value()) {
    place.path = before->path;
    place.base = before->edited             ? before->base
                 : present->removed_at == 0 ? text_mark(present->source)
                                            : std::string();
  } else {
    // Namespaces below that of the follow are folders.
    std::string below(ns.substr(std::min(ns.size(), follow_.ns.size() + 1)));
    std::ranges::replace(below, '.', '/');
    place.path = repository_path(
        follow_.folder, fmt::format("{}{}{}.yaml", below, below.empty() ? "" : "/", flow_id));
  }
  // As the branch has it: nothing is to be pushed.
  if (place.base == mark) place = {place.commit, place.path};
  return GitEdit{folder_of(follow_, checkout_.current(), place.path), to_string(place)};
}

Result<> Follower::Impl::ask(ServerRequest request, std::optional<AuditNote> note) {
  std::promise<Result<std::int64_t>> promise;
  auto answer = promise.get_future();
  parts_.cerebro->ask(std::move(request), std::move(note), [&promise](Result<std::int64_t> result) {
    promise.set_value(std::move(result));
  });
  TRY(answer.get());
  return {};
}

void Follower::Impl::save() {
  std::string text = text_of(book_);
  if (text == saved_) return;
  IntakeRequest request;
  request.positions.push_back({position_of(follow_.ns), text});
  const auto kept = take_in(*parts_.cerebro, request);
  if (kept.has_value()) saved_ = std::move(text);
  if (!kept.has_value()) say("what became of it is not saved: " + kept.error().message);
}

void Follower::Impl::publish(bool busy) {
  const std::lock_guard lock(mutex_);
  shown_.book = book_;
  shown_.looked_at = looked_at_;
  shown_.next_at = next_at_;
  shown_.busy = busy;
}

Follower::Follower(FollowerParts parts, GitFollow follow, std::unique_ptr<Follower> before)
    : impl_(std::make_unique<Impl>(std::move(parts), std::move(follow), std::move(before))) {}
Follower::~Follower() = default;

void Follower::stop() {
  impl_->stop();
}

bool Follower::has_ended() const {
  return impl_->has_ended();
}

const GitFollow& Follower::follow() const {
  return impl_->follow();
}

FollowStatus Follower::status() const {
  return impl_->status();
}

Result<GitEdit> Follower::edit(std::string_view ns, std::string_view flow_id,
                               const AppliedFlowRow* present, std::string_view mark) const {
  return impl_->edit(ns, flow_id, present, mark);
}

void Follower::sync(bool discard, AuditNote note, GitFollows::Done done) {
  impl_->add({.discard = discard, .note = std::move(note), .done = std::move(done)});
}

void Follower::push(GitAuthor author, AuditNote note, GitFollows::Done done) {
  if (!impl_->follow().push) {
    return done(fail(ErrorCode::kDenied,
                     fmt::format("nothing is pushed from namespace {}: 'push: true' in git.yaml "
                                 "allows that",
                                 impl_->follow().ns)));
  }
  impl_->add({.push = true,
              .author = std::move(author),
              .note = std::move(note),
              .done = std::move(done)});
}

void Follower::note_change(const AppliedFlowRow& row) {
  impl_->note_change(row);
}

}  // namespace cordyna::git
