#include "input/file/file_reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/id.hpp"
#include "base/text.hpp"

namespace cordyna::input {
namespace {

constexpr std::size_t kMarksPage = 2'000;
constexpr std::size_t kWaitingMax = 100'000;
constexpr std::size_t kLinksMax = 1'000;
constexpr int kHearsMax = 64;
constexpr Millis kPoll = 5'000;          // where not all folders can be watched
constexpr Millis kBetweenScans = 1'000;  // at the least

bool stands_below(std::string_view path, std::string_view top) {
  if (top.empty()) return true;
  return path.size() > top.size() && path.starts_with(top) && path[top.size()] == '/';
}

Touch touch_of(HeardOf what) {
  switch (what) {
    case HeardOf::kWritten: return Touch::kWritten;
    case HeardOf::kClosed: return Touch::kClosed;
    case HeardOf::kMoved: return Touch::kMoved;
    case HeardOf::kGone: return Touch::kGone;
    case HeardOf::kChanged:
    case HeardOf::kFolderCame:
    case HeardOf::kFolderWent:
    case HeardOf::kRootWent:
    case HeardOf::kLost: return Touch::kChanged;
  }
  return Touch::kChanged;
}

}  // namespace

FileReading::FileReading(const FileOptions& options, EventSink& sink,
                         std::unique_ptr<FolderEvents> events, std::function<Millis()> wall,
                         std::stop_token stop)
    : options_(options),
      sink_(sink),
      events_(std::move(events)),
      wall_(std::move(wall)),
      stop_(std::move(stop)),
      names_(options.files, options.ignore),
      pending_(options.settle.count()) {}

Result<> FileReading::begin(Millis now) {
  TRY_ASSIGN(const Tree tree, Tree::open(options_.folder));
  root_ = tree.id();
  TRY(load());
  const bool is_new = position_.begun.empty() || position_.folder != options_.folder;
  if (is_new) TRY(begin_anew());
  baseline_ = is_new && !options_.existing;
  TRY(scan(tree, now));
  if (baseline_) TRY(keep_baseline());
  baseline_ = false;
  TRY(check_gap());
  position_.device = root_.device;
  TRY(sink_.send({}, to_text(position_)));
  for (const auto& [path, known] : known_) {
    if (known.file.archived != kNotArchived) leaving_.push_back(path);
  }
  tell_problem();
  return {};
}

Result<> FileReading::load() {
  TRY_ASSIGN(position_, parse_file_position(sink_.position()));
  std::string after;
  while (true) {
    TRY_ASSIGN(const std::vector<Mark> page, sink_.marks(after, kMarksPage));
    for (const Mark& mark : page) {
      TRY_ASSIGN(std::string path, path_of_mark(mark.name));
      TRY_ASSIGN(const KnownFile file, parse_known_file(mark.text));
      known_.emplace(std::move(path), Known{file, 0});
    }
    if (page.size() < kMarksPage) return {};
    after = page.back().name;
  }
}

/// What is known of another folder, or of a beginning that a crash ended, is forgotten before the
/// position says that this one has begun.
Result<> FileReading::begin_anew() {
  std::vector<Mark> marks;
  for (const auto& [path, known] : known_) {
    marks.push_back({path_as_mark(path), ""});
    if (marks.size() < kMarksPage) continue;
    TRY(sink_.send_with({}, "", std::exchange(marks, {})));
  }
  TRY(sink_.send_with({}, "", marks));
  known_.clear();
  position_ = {make_uuid7(wall_()), options_.folder, root_.device, 0};
  return {};
}

Result<> FileReading::keep_baseline() {
  TRY(check_count(0));
  std::vector<Mark> marks;
  for (const auto& [path, known] : known_) {
    marks.push_back({path_as_mark(path), to_text(known.file)});
    if (marks.size() < kMarksPage) continue;
    TRY(sink_.send_with({}, "", std::exchange(marks, {})));
  }
  return sink_.send_with({}, "", marks);
}

/// An empty mount point looks as a folder does from which all files were taken.
Result<> FileReading::check_gap() const {
  if (known_.empty() || options_.over_gaps || position_.device == root_.device) return {};
  const bool any =
      std::ranges::any_of(known_, [this](const auto& one) { return one.second.scan == scan_; });
  if (any) return {};
  return fail(ErrorCode::kConflict,
              fmt::format("another file system is in the place of '{}', without any of the {} that "
                          "events told of: it may not be mounted. `over_gaps` goes on with what "
                          "there is",
                          shown_path(options_.folder), counted(known_.size(), "file")));
}

Result<Tree> FileReading::open_tree() const {
  TRY_ASSIGN(Tree tree, Tree::open(options_.folder));
  if (tree.id() == root_) return tree;
  return fail(ErrorCode::kUnavailable,
              fmt::format("the folder '{}' is another one by now", shown_path(options_.folder)));
}

Result<Millis> FileReading::step(Millis now) {
  TRY_ASSIGN(const Tree tree, open_tree());
  TRY(hear(tree, now));
  if (now >= scan_at_) TRY(scan(tree, now));
  TRY(tell_due(tree, now));
  TRY(leave(tree, now));
  if (overfull_ && pending_.size() < kWaitingMax / 2) {
    overfull_ = false;
    scan_at_ = std::min(scan_at_, std::max(now, scanned_at_ + kBetweenScans));
  }
  tell_problem();
  return next_step(now);
}

Millis FileReading::next_step(Millis now) const {
  Millis next = scan_at_;
  if (const auto due = pending_.next(); due.has_value()) next = std::min(next, *due);
  if (!leaving_.empty()) next = std::min(next, leave_at_);
  return std::max(next, now);
}

Result<> FileReading::scan(const Tree& tree, Millis now) {
  ++scan_;
  all_watched_ = true;
  links_.clear();
  unread_.clear();
  if (!options_.archive.empty()) {
    const auto archive = Tree::open(options_.archive);
    archive_id_ = archive.has_value() ? std::optional(archive->id()) : std::nullopt;
  }
  TRY(walk(tree, "", now));
  miss("", false, now);
  scanned_at_ = now;
  const Millis often = options_.rescan.count();
  scan_at_ = now + (all_watched_ ? often : std::min(often, kPoll));
  return {};
}

Result<> FileReading::walk(const Tree& tree, const std::string& top, Millis now) {
  std::vector<std::string> folders{top};
  while (!folders.empty()) {
    const std::string path = std::move(folders.back());
    folders.pop_back();
    const auto entered = enter(tree, path, now, folders);
    if (entered.has_value()) continue;
    const ErrorCode code = entered.error().code;
    if (path.empty() || code == ErrorCode::kCancelled) return entered;
    // It went meanwhile; else what is known of it stays as it is.
    if (code != ErrorCode::kNotFound) unread_[path] = entered.error().message;
  }
  return {};
}

Result<> FileReading::enter(const Tree& tree, const std::string& path, Millis now,
                            std::vector<std::string>& deeper) {
  TRY_ASSIGN(Descriptor folder, tree.open_folder(path));
  TRY_ASSIGN(const FolderId id, id_of(folder.get()));
  if (!path.empty() && id == archive_id_) return {};
  // What comes from here on is heard, what is there already is seen.
  all_watched_ = events_->watch(path, folder.get()) && all_watched_;
  const int fd = folder.get();
  return each_name(std::move(folder), [&](const std::string& name, FoundKind kind) -> Result<> {
    if (stop_.stop_requested()) return fail(ErrorCode::kCancelled, "the input is to end");
    const std::string below = path_of(path, name);
    const bool wanted = kind != FoundKind::kFolder && names_.wants(below);
    if (!wanted && kind != FoundKind::kFolder && kind != FoundKind::kNone) return {};
    Found found{kind};
    if (kind != FoundKind::kFolder) {
      TRY_ASSIGN(found, look_at(fd, name));
    }
    if (found.kind == FoundKind::kFolder) {
      if (options_.recursive && names_.enters(below)) deeper.push_back(below);
    } else if (wanted) {
      see(below, found, now);
    }
    return {};
  });
}

void FileReading::see(const std::string& path, const Found& found, Millis now) {
  note_link(path, found.kind);
  if (found.kind != FoundKind::kFile) return;
  if (baseline_) {
    known_.insert_or_assign(path, Known{KnownFile{found.stamp}, scan_});
    return;
  }
  const auto known = known_.find(path);
  if (known != known_.end()) {
    known->second.scan = scan_;
    // One that is archived is on its way out, and looked at again then.
    if (known->second.file.archived != kNotArchived) return;
    if (same_version(known->second.file.stamp, found.stamp)) return;
  }
  find(path, found, now);
}

void FileReading::find(const std::string& path, const Found& found, Millis now) {
  if (pending_.size() >= kWaitingMax && !pending_.contains(path)) {
    overfull_ = true;
  } else {
    pending_.find(path, found, now);
  }
}

/// Known files that a scan did not find; `whole`: all that are below, found or not.
void FileReading::miss(std::string_view top, bool whole, Millis now) {
  const std::string first = top.empty() ? "" : fmt::format("{}/", top);
  for (auto one = known_.lower_bound(first); one != known_.end() && stands_below(one->first, top);
       ++one) {
    const Known& known = one->second;
    if (known.file.archived != kNotArchived) continue;
    if (!whole && (known.scan == scan_ || is_unread(one->first))) continue;
    find(one->first, Found(), now);
  }
}

bool FileReading::is_unread(std::string_view path) const {
  if (unread_.empty()) return false;
  for (std::string_view top = folder_in(path); !top.empty(); top = folder_in(top)) {
    if (unread_.find(top) != unread_.end()) return true;
  }
  return false;
}

Result<> FileReading::hear(const Tree& tree, Millis now) {
  for (int i = 0; i < kHearsMax; ++i) {
    TRY_ASSIGN(const std::vector<Heard> all, events_->take());
    if (all.empty()) return {};
    for (const Heard& one : all) TRY(hear_one(tree, one, now));
  }
  return {};
}

Result<> FileReading::hear_one(const Tree& tree, const Heard& heard, Millis now) {
  switch (heard.what) {
    case HeardOf::kLost:
      pending_.doubt(now);
      scan_at_ = std::min(scan_at_, std::max(now, scanned_at_ + kBetweenScans));
      return {};
    case HeardOf::kRootWent:
      return fail(ErrorCode::kNotFound,
                  fmt::format("the folder '{}' was removed, renamed or unmounted",
                              shown_path(options_.folder)));
    case HeardOf::kFolderCame:
      if (!options_.recursive || !names_.enters(heard.path)) return {};
      return walk(tree, heard.path, now);
    case HeardOf::kFolderWent:
      events_->forget(heard.path);
      miss(heard.path, true, now);
      return {};
    case HeardOf::kWritten:
    case HeardOf::kClosed:
    case HeardOf::kChanged:
    case HeardOf::kMoved:
    case HeardOf::kGone: break;
  }
  if (!names_.wants(heard.path)) return {};
  if (pending_.size() >= kWaitingMax && !pending_.contains(heard.path)) {
    overfull_ = true;
  } else {
    pending_.touch(heard.path, touch_of(heard.what), now);
  }
  return {};
}

void FileReading::note_link(const std::string& path, FoundKind kind) {
  if (kind != FoundKind::kLink) {
    links_.erase(path);
  } else if (links_.size() < kLinksMax) {
    links_.insert(path);
  }
}

/// Only what is new.
void FileReading::tell_problem() {
  std::string text;
  const auto add = [&text](const std::string& problem) {
    if (!problem.empty()) text += (text.empty() ? "" : "; ") + problem;
  };
  add(late_problem_);
  add(leave_problem_);
  if (!all_watched_) {
    add(fmt::format("{}: the folder is gone through every {} instead", events_->problem(),
                    format_delay(std::min(options_.rescan.count(), kPoll))));
  }
  if (!unread_.empty()) add(unread_.begin()->second);
  if (!links_.empty()) {
    add(fmt::format("{} left out, such as '{}'",
                    links_.size() == 1 ? "1 symbolic link is"
                                       : fmt::format("{} symbolic links are", links_.size()),
                    shown_path(*links_.begin())));
  }
  if (text == told_problem_) return;
  sink_.tell(text);
  told_problem_ = std::move(text);
}

}  // namespace cordyna::input
