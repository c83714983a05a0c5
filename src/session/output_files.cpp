#include "session/output_files.hpp"

#include <filesystem>

#include "base/ids.hpp"
#include "os/file.hpp"

namespace oap::session {

namespace fs = std::filesystem;

Result<std::string> OutputFiles::keep(const std::string& session_id, std::string_view text) {
  if (!session_id.starts_with("ses_") || session_id.find('/') != std::string::npos) {
    return fail(Code::kInvalidArgument, "outputs are kept only of a session");
  }
  const std::string place = folder_ + "/" + session_id;
  OAP_CHECK_OK(os::make_dirs(place, 0700));
  std::uint64_t bytes = text.size();
  std::error_code error;
  for (fs::directory_iterator at(place, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    std::error_code ignored;
    const std::uintmax_t size = at->file_size(ignored);
    bytes += ignored ? 0 : size;
  }
  if (bytes > kMostBytes) {
    return fail(Code::kResourceExhausted, "the session keeps more than {} bytes of outputs",
                kMostBytes);
  }
  const std::string id = new_id("out_");
  OAP_CHECK_OK(os::write_file_atomic(place + "/" + id + ".txt", text, 0600));
  return session_id + "/" + id;
}

void OutputFiles::remove(const std::string& session_id) {
  if (!session_id.starts_with("ses_") || session_id.find('/') != std::string::npos) {
    return;
  }
  std::error_code ignored;
  fs::remove_all(folder_ + "/" + session_id, ignored);
}

}  // namespace oap::session
