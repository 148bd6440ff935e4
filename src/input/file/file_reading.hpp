/// One beginning of an input of files: what it knows, what it hears, what it tells.
///
/// Step by step, each at a time that it is given, so that a test can be its clock.
///
/// Threads: none.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "cordyna/file.hpp"
#include "cordyna/input.hpp"
#include "input/file/archive.hpp"
#include "input/file/names.hpp"
#include "input/file/pending.hpp"
#include "input/file/stamp.hpp"
#include "input/file/tree.hpp"
#include "input/file/watch.hpp"

namespace cordyna::input {

class FileReading {
 public:
  /// Borrows options and sink. `wall`: now, in milliseconds since 1970.
  FileReading(const FileOptions& options, EventSink& sink, std::unique_ptr<FolderEvents> events,
              std::function<Millis()> wall, std::stop_token stop);

  /// Takes up what is known, and goes through the folder. Errors: as file_input says; the sink's.
  [[nodiscard]] Result<> begin(Millis now);
  /// What was heard, and a page of what is due. When to be called again at the latest. Errors: as
  /// of `begin`.
  [[nodiscard]] Result<Millis> step(Millis now);
  /// Readable: there is something to hear. -1: never.
  [[nodiscard]] int descriptor() const { return events_->descriptor(); }

 private:
  struct Known {
    KnownFile file;
    std::uint64_t scan = 0;  ///< the last that found it
  };
  struct Told {
    std::string path;
    std::optional<KnownFile> known;  ///< nullopt: it is gone
  };
  /// Events and marks that are sent together, and what they are about.
  struct Page {
    std::vector<Event> events{};
    std::vector<Mark> marks{};
    std::vector<Told> told{};
    std::optional<Archive> archive{};
  };
  using KnownFiles = std::map<std::string, Known, std::less<>>;

  [[nodiscard]] Result<> load();
  [[nodiscard]] Result<> begin_anew();
  [[nodiscard]] Result<> keep_baseline();
  [[nodiscard]] Result<> check_gap() const;
  [[nodiscard]] Result<Tree> open_tree() const;
  [[nodiscard]] Millis next_step(Millis now) const;

  [[nodiscard]] Result<> scan(const Tree& tree, Millis now);
  [[nodiscard]] Result<> walk(const Tree& tree, const std::string& top, Millis now);
  [[nodiscard]] Result<> enter(const Tree& tree, const std::string& path, Millis now,
                               std::vector<std::string>& deeper);
  void see(const std::string& path, const Found& found, Millis now);
  void find(const std::string& path, const Found& found, Millis now);
  void miss(std::string_view top, bool whole, Millis now);
  [[nodiscard]] bool is_unread(std::string_view path) const;

  [[nodiscard]] Result<> hear(const Tree& tree, Millis now);
  [[nodiscard]] Result<> hear_one(const Tree& tree, const Heard& heard, Millis now);

  [[nodiscard]] Result<> tell_due(const Tree& tree, Millis now);
  [[nodiscard]] Result<> decide(const Tree& tree, const std::string& path, const Found& found,
                                Millis now, Page& page);
  [[nodiscard]] Result<> tell_file(const Tree& tree, const std::string& path, const Stamp& stamp,
                                   Millis now, Page& page);
  void tell_gone(const std::string& path, const KnownFile& known, bool is_event, Page& page);
  /// Nullopt: not now; it waits on.
  [[nodiscard]] Result<std::optional<KnownFile>> prepare(const Tree& tree, const std::string& path,
                                                         const Stamp& stamp, Millis now, Page& page,
                                                         std::string& sha256);
  [[nodiscard]] Result<> put_off(const std::string& path, const Error& error, Millis now);
  [[nodiscard]] Result<> send(Page& page, Millis now);
  [[nodiscard]] Result<> check_count(std::size_t more) const;
  [[nodiscard]] Result<> leave(const Tree& tree, Millis now);
  [[nodiscard]] std::string next_key();
  [[nodiscard]] bool wants(Operation operation) const;
  [[nodiscard]] bool is_wanted(std::string_view path) const;
  void note_link(const std::string& path, FoundKind kind);
  void tell_problem();

  const FileOptions& options_;
  EventSink& sink_;
  std::unique_ptr<FolderEvents> events_;
  std::function<Millis()> wall_;
  std::stop_token stop_;
  FileNames names_;
  Pending pending_;
  FilePosition position_;
  FolderId root_{};
  std::optional<FolderId> archive_id_;
  KnownFiles known_;
  std::vector<std::string> leaving_;  // archived, and still in the folder
  Millis leave_at_ = 0;
  std::uint64_t scan_ = 0;
  Millis scanned_at_ = 0;
  Millis scan_at_ = 0;       // the next one
  bool baseline_ = false;    // files are known as they are, without events
  bool all_watched_ = true;  // else scans are all there is
  bool overfull_ = false;    // not all that was found waits; a scan finds it again
  std::set<std::string, std::less<>> links_;
  std::map<std::string, std::string, std::less<>> unread_;  // path → why; of the last scan
  std::string late_problem_;  // why files wait longer than they should
  std::string leave_problem_;
  std::string told_problem_;
};

}  // namespace cordyna::input
