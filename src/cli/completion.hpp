/// Scripts with which shells complete the words of `dyna`, from its commands as plain data.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace cordyna::cli {

/// A name, and what it is for.
using Described = std::pair<std::string, std::string>;

struct CommandWords {
  Described command;
  std::vector<Described> parts;    ///< commands of it: "list", "show"
  std::vector<Described> options;  ///< without the dashes, those of its parts too, each once
};

/// `shell`: bash, zsh or fish.
[[nodiscard]] std::string completion_script(const std::string& shell,
                                            const std::vector<CommandWords>& commands);

}  // namespace cordyna::cli
