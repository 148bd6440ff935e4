/// Files of a folder as events: those that come, change and go, also while nobody listens.
///
/// What is known of each file stands in the orchestrator's state, in the same transaction as its
/// event: a version of a file is one event, whatever falls over. inotify tells when to look; where
/// it cannot, or lost something, the folder is gone through.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "cordyna/config.hpp"
#include "cordyna/event.hpp"
#include "cordyna/export.hpp"
#include "cordyna/input.hpp"
#include "cordyna/result.hpp"

namespace cordyna {

inline constexpr std::size_t kFilesMax = 1'000'000;  ///< of one input, at most

struct FileOptions {
  std::string folder;  ///< absolute; it may be missing for a while
  /// `*`, `?` and `[a-z]`, none of which stands for a slash: of the name, or, with a slash, of the
  /// path from the folder. Empty: all.
  std::vector<std::string> files{};
  /// Files and folders that are passed over, in the same way.
  std::vector<std::string> ignore{".*",        "*~",         "*.tmp",       "*.part",
                                  "*.partial", "*.filepart", "*.crdownload"};
  bool recursive = false;  ///< also files in folders below it
  /// A file counts when it was not written to for so long; one that is renamed there, at once.
  std::chrono::milliseconds settle{2'000};
  /// A folder, absolute, made if it is missing: files are moved there, and events tell of them
  /// there. Empty: they stay where they are.
  std::string archive{};
  std::vector<Operation> operations{Operation::kCreate, Operation::kUpdate};  ///< empty: delete too
  bool existing = true;  ///< files that are there when it first begins are events
  bool hash = false;     ///< events have the SHA-256 of what the file holds
  /// The folder is gone through so often, for what inotify does not tell: changes that another
  /// machine makes, or a program through memory.
  std::chrono::milliseconds rescan{60'000};
  std::size_t max_files = 200'000;  ///< with more the input ends; each takes some 300 bytes
  /// Another file system is in the folder's place, and holds none of the files. False: the input
  /// ends with kConflict, for it may be unmounted. True: they are gone, and it goes on.
  bool over_gaps = false;
};

/// Events: `location` is the file's absolute path; `id` its path from the folder; `operation`
/// kCreate, kUpdate or kDelete; `at` when it came, or was changed; `data` {"path":"a/b.csv",
/// "name":"b.csv","folder":"/in","size":12,"modified":"2026-01-02T03:04:05.006Z","inode":7}, and
/// "sha256". A path that is not UTF-8 has its bytes in "base64", and a "problem"; in texts %FF
/// stands for such a byte. A renamed file is a kDelete and a kCreate. Symbolic links are not
/// followed below the folder, and no events.
///
/// Ends, to be called again: kNotFound, kUnavailable, kDenied: the folder; kConflict: too many
/// files, or a gap, as above.
///
/// Errors: kInvalidArgument: an option is not what it should be.
[[nodiscard]] CORDYNA_API Result<std::unique_ptr<Input>> file_input(std::string id,
                                                                    FileOptions options);

/// For an InputRegistry; `connection_string`: the folder, or "FOLDER/*.csv" for some of its files.
[[nodiscard]] CORDYNA_API Result<std::unique_ptr<Input>> make_file_input(const InputConfig& config);

}  // namespace cordyna
