#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "permission/file_options.hpp"
#include "permission/programs.hpp"
#include "permission/words.hpp"

namespace oap::permission {

/// Finds the files that one call touches; lives for one call. Private to this folder.
class OperandCollector {
 public:
  explicit OperandCollector(const shell::SimpleCommand& command)
      : command_(command), words_(command) {
    taken_.resize(command.argv.size(), false);
  }

  std::vector<FileOperand> collect();

 private:
  void add(std::string path, shell::WordKind kind, Action access, bool tree);
  void add(std::size_t i, Action access, bool tree) {
    add(command_.argv[i], command_.kinds[i], access, tree);
  }
  /// A file whose name is not known.
  void add_unknown(Action access, bool tree) { add("", shell::WordKind::kDynamic, access, tree); }
  /// Something below a directory is written, which is not known; `creates`: also what is not there
  /// yet.
  void somewhere_below(std::string path, shell::WordKind kind, bool creates);

  // Options that name files; what they take is no operand any more.
  void take_options();
  void take_option(const FileOption& one, std::size_t i);
  void take_value(const FileOption& one, std::size_t i, std::size_t at);

  /// The words that are neither options nor their files. `--` ends the options.
  std::vector<std::size_t> operands() const;
  void all(Action access, bool tree);
  bool is_given_more() const { return Words::one_of(command_.wrapper, {"xargs", "find"}); }
  /// xargs and find give more operands than are written.
  void unknown_rest(Action access, bool tree);
  void without_first();
  bool changes_in_place() const;
  /// The directory that an option names for what is written.
  std::optional<FileOperand> given_directory() const;

  // By what the program does.
  bool transfers();
  bool archives();
  void dispatch_rest();
  void reads();
  void searches();
  bool take_search_options();
  void copy_into(const std::string& directory, shell::WordKind kind, std::size_t source, bool tree);
  void copies();
  void dd();
  void find();
  void sed();

  // git.
  void git();
  void git_paths(std::string_view verb, const std::vector<std::size_t>& list);
  void git_diff(const std::vector<std::size_t>& list);
  void git_places(std::string_view verb, const std::vector<std::size_t>& list);

  // Archives and downloads.
  void tar();
  void tar_members(bool makes, bool extracts, bool archive_first,
                   const std::optional<FileOperand>& from);
  void unpack(std::size_t from, bool members);
  void other_archive();
  void cpio();
  void patch();
  void curl();
  void file_address(std::size_t i);
  void python();
  void wget();
  void sends();
  std::string target_directory() const;

  const shell::SimpleCommand& command_;
  Words words_;
  std::vector<bool> taken_;
  std::vector<std::string> only_;  ///< names of files that a search is limited to
  std::size_t skipped_ = 0;
  std::vector<FileOperand> out_;
};

}  // namespace oap::permission
