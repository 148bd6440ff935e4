/// `--watch` of lists: drawn again in place on a terminal, a line for each change elsewhere.
///
/// What wakes it is a change: at a server its stream of changes, over a state folder the files of
/// its store. Nothing is asked for while nothing happens, and at most four times a second.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/commands.hpp"
#include "cli/side.hpp"

namespace cordyna::cli {

/// A list as it is now.
struct ListShown {
  std::string head;                  ///< the line above the table, with its end; empty: none
  std::vector<std::string> lines;    ///< of the table, without their ends
  std::vector<std::string> objects;  ///< the same as JSON, one each, in the same order
  std::string none;                  ///< what is said where it is empty
};

/// A table of as_columns and its like, and the objects of its rows.
[[nodiscard]] ListShown list_shown(const std::string& table, std::vector<std::string> objects,
                                   std::string none);

using ReadList = std::function<Result<ListShown>()>;

/// Until Ctrl-C. `side`: where the list is from; `list`: what it is of, as the API calls it.
/// Errors: those of the first look, and of a server that refuses or stays away.
[[nodiscard]] CommandResult watch_list(CommandContext& context, const Side& side,
                                       const std::string& list, const ReadList& read);

/// Lines for a terminal of that size, which lie over those that were there: each cut to its width,
/// and no more than there is room for. Pure.
[[nodiscard]] std::string frame_of(const ListShown& list, TerminalSize size,
                                   std::size_t lines_before);

}  // namespace cordyna::cli
