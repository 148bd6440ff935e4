// FileReading: what is due becomes events, which are kept, and files that are archived leave.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "input/file/file_event.hpp"
#include "input/file/file_reading.hpp"

namespace cordyna::input {
namespace {

// They are kept in one transaction, and nothing else goes on meanwhile: a schedule would be late.
constexpr std::size_t kEventsPage = 500;
constexpr Millis kTryAgain = 5'000;
constexpr std::int64_t kMilliNanos = 1'000'000;

}  // namespace

/// Of one that is known that may have changed: by the trigger, or by where its folder is.
bool FileReading::is_wanted(std::string_view path) const {
  if (!names_.wants(path)) return false;
  const std::string_view top = folder_in(path);
  if (!options_.recursive && !top.empty()) return false;
  for (std::string_view folder = top; !folder.empty(); folder = folder_in(folder)) {
    if (!names_.enters(folder)) return false;
  }
  return true;
}

bool FileReading::wants(Operation operation) const {
  return options_.operations.empty() || std::ranges::count(options_.operations, operation) > 0;
}

/// Never given twice: a file that is moved away and back looks as it did, and is told again.
std::string FileReading::next_key() {
  return fmt::format("f:{}/{}", position_.begun, ++position_.told);
}

Result<> FileReading::tell_due(const Tree& tree, Millis now) {
  const std::vector<std::string> paths = pending_.due(now, kEventsPage);
  if (paths.empty()) return {};
  late_problem_.clear();
  Page page;
  if (!options_.archive.empty()) {
    auto archive = Archive::open(options_.archive, tree);
    if (!archive.has_value()) {
      for (const std::string& path : paths) TRY(put_off(path, archive.error(), now));
      return {};
    }
    archive_id_ = archive->tree().id();
    page.archive = std::move(*archive);
  }
  for (const std::string& path : paths) {
    if (stop_.stop_requested()) return fail(ErrorCode::kCancelled, "the input is to end");
    const auto found = tree.look(path);
    if (!found.has_value()) {
      TRY(put_off(path, found.error(), now));
    } else if (pending_.has_settled(path, *found, now)) {
      TRY(decide(tree, path, *found, now, page));
    }
  }
  return send(page, now);
}

Result<> FileReading::put_off(const std::string& path, const Error& error, Millis now) {
  if (error.code == ErrorCode::kCancelled) return std::unexpected<Error>(error);
  late_problem_ = error.message;
  pending_.put_off(path, now + kTryAgain);
  return {};
}

Result<> FileReading::decide(const Tree& tree, const std::string& path, const Found& found,
                             Millis now, Page& page) {
  note_link(path, found.kind);
  const auto known = known_.find(path);
  if (known != known_.end() && known->second.file.archived != kNotArchived) {
    pending_.drop(path);  // it is looked at when what was told of has left
    return {};
  }
  const bool stays = is_wanted(path);
  if (!stays || found.kind != FoundKind::kFile) {
    if (known == known_.end()) {
      pending_.drop(path);
    } else {
      tell_gone(path, known->second.file, stays, page);
    }
    return {};
  }
  if (known == known_.end() || !same_version(known->second.file.stamp, found.stamp)) {
    return tell_file(tree, path, found.stamp, now, page);
  }
  pending_.drop(path);
  return {};
}

Result<> FileReading::tell_file(const Tree& tree, const std::string& path, const Stamp& stamp,
                                Millis now, Page& page) {
  const Operation operation = known_.contains(path) ? Operation::kUpdate : Operation::kCreate;
  KnownFile known{stamp};
  if (wants(operation)) {
    std::string sha256;
    TRY_ASSIGN(const std::optional<KnownFile> prepared,
               prepare(tree, path, stamp, now, page, sha256));
    if (!prepared.has_value()) return {};
    known = *prepared;
    const std::string location =
        known.archived == kNotArchived
            ? path_of(options_.folder, path)
            : path_of(options_.archive, archive_path(path, known.archived));
    const std::string key = next_key();
    page.events.push_back(event_of_file({.folder = options_.folder,
                                         .path = path,
                                         .location = location,
                                         .operation = operation,
                                         .stamp = stamp,
                                         .at = stamp.changed / kMilliNanos,
                                         .sha256 = sha256,
                                         .key = key}));
  }
  page.marks.push_back({path_as_mark(path), to_text(known)});
  page.told.push_back({path, known});
  return {};
}

/// Without an event where only nobody wants it any more.
void FileReading::tell_gone(const std::string& path, const KnownFile& known, bool is_event,
                            Page& page) {
  if (is_event && wants(Operation::kDelete)) {
    const std::string location = path_of(options_.folder, path);
    const std::string key = next_key();
    page.events.push_back(event_of_file({.folder = options_.folder,
                                         .path = path,
                                         .location = location,
                                         .operation = Operation::kDelete,
                                         .stamp = known.stamp,
                                         .at = wall_(),
                                         .key = key}));
  }
  page.marks.push_back({path_as_mark(path), ""});
  page.told.push_back({path, std::nullopt});
}

Result<std::optional<KnownFile>> FileReading::prepare(const Tree& tree, const std::string& path,
                                                      const Stamp& stamp, Millis now, Page& page,
                                                      std::string& sha256) {
  KnownFile known{stamp};
  const auto wait_on = [&]() -> Result<std::optional<KnownFile>> {
    pending_.drop(path);
    pending_.find(path, Found(), now);
    return std::optional<KnownFile>();
  };
  if (options_.hash) {
    auto digest = tree.sha256_of(path, stop_);
    if (!digest.has_value()) {
      if (digest.error().code == ErrorCode::kNotFound) return wait_on();
      TRY(put_off(path, digest.error(), now));
      return std::optional<KnownFile>();
    }
    sha256 = std::move(*digest);
    const auto after = tree.look(path);
    if (!after.has_value() || !same_version(after->stamp, stamp)) return wait_on();
  }
  if (page.archive.has_value()) {
    const auto number = page.archive->add(tree, path, stamp, stop_);
    if (!number.has_value()) {
      TRY(put_off(path, number.error(), now));
      return std::optional<KnownFile>();
    }
    if (!number->has_value()) return wait_on();
    known.archived = **number;
  }
  return std::optional(known);
}

Result<> FileReading::check_count(std::size_t more) const {
  if (known_.size() + more <= options_.max_files) return {};
  return fail(ErrorCode::kConflict,
              fmt::format("'{}' has more than {} files that are wanted: `max_files` allows more, "
                          "`archive` moves those away that were told of",
                          shown_path(options_.folder), options_.max_files));
}

Result<> FileReading::send(Page& page, Millis now) {
  if (page.told.empty()) return {};
  TRY(check_count(
      static_cast<std::size_t>(std::ranges::count_if(page.told, [this](const Told& one) {
        const bool stays = one.known.has_value() && one.known->archived == kNotArchived;
        return stays && !known_.contains(one.path);
      }))));
  if (page.archive.has_value()) {
    const auto kept = page.archive->sync();
    if (!kept.has_value()) {
      position_.told -= static_cast<std::int64_t>(page.events.size());
      for (const Told& told : page.told) TRY(put_off(told.path, kept.error(), now));
      return {};
    }
  }
  TRY(sink_.send_with(page.events, page.events.empty() ? "" : to_text(position_), page.marks));
  for (Told& told : page.told) {
    pending_.drop(told.path);
    if (!told.known.has_value()) {
      known_.erase(told.path);
      continue;
    }
    if (told.known->archived != kNotArchived) leaving_.push_back(told.path);
    known_.insert_or_assign(std::move(told.path), Known{*told.known, scan_});
  }
  return {};
}

/// The marks go last: a crash before that leaves files that are known as archived, and this begins
/// again.
Result<> FileReading::leave(const Tree& tree, Millis now) {
  if (leaving_.empty() || now < leave_at_) return {};
  leave_problem_.clear();
  std::vector<Mark> marks;
  std::vector<std::string> stay;
  std::vector<std::string> gone;
  for (std::string& path : std::exchange(leaving_, {})) {
    const auto taken = gone.size() < kEventsPage
                           ? take_away(tree, path, known_.at(path).file.stamp)
                           : Result<>(std::unexpected(Error{ErrorCode::kCancelled, ""}));
    if (taken.has_value()) {
      marks.push_back({path_as_mark(path), ""});
      gone.push_back(std::move(path));
      continue;
    }
    if (taken.error().code != ErrorCode::kCancelled) {
      leave_problem_ = taken.error().message;
      leave_at_ = now + kTryAgain;
    }
    stay.push_back(std::move(path));
  }
  leaving_ = std::move(stay);
  TRY(sink_.send_with({}, "", marks));
  for (const std::string& path : gone) {
    known_.erase(path);
    const auto found = tree.look(path);  // another one has come meanwhile
    if (found.has_value() && found->kind == FoundKind::kFile) find(path, *found, now);
  }
  return {};
}

}  // namespace cordyna::input
