/// The levels of nesting that the shell scanner keeps. Private to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cordyna::tmpl::shell {

enum class Kind : std::uint8_t {
  kCommand,     ///< the script, $( ), <( ), ` `
  kDouble,      ///< " "
  kParameter,   ///< ${ }
  kArithmetic,  ///< $(( )), (( )), $[ ], a subscript
  kHeredoc,     ///< the body of an unquoted one
};

struct Heredoc {
  std::string end;
  bool strips_tabs = false;
  bool quoted = false;
};

/// One level of nesting.
struct Frame {
  Kind kind = Kind::kCommand;
  char close = 0;          ///< what ends it; 0: the end of the script
  bool in_double = false;  ///< kParameter: double quotes (or a heredoc) around it
  int parens = 0;          ///< open ( in it

  // kCommand
  int cases = 0;              ///< open `case`s
  bool command_next = true;   ///< a command may begin here
  bool tests = false;         ///< inside [[ ]]
  bool number_words = false;  ///< the rest of the command are arithmetic expressions (`let`)
  bool number_next = false;   ///< the next word is one (`[[ 1 -eq X ]]`)
  std::string command;        ///< the present command's first word
  std::string word;           ///< the present word, quotes removed
  bool in_word = false;
  std::size_t word_slots = 0;    ///< slots before the present word
  std::size_t before_slots = 0;  ///< slots before the word before it
  std::string before;            ///< the word before it
  std::vector<Heredoc> pending;

  // kParameter
  bool pattern = false;  ///< behind # % / ^ ,: quotes count
  bool number = false;   ///< behind a lone ":": offset and length

  Heredoc heredoc;  ///< kHeredoc
};

}  // namespace cordyna::tmpl::shell
