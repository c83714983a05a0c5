#include "security/secret_prefilter.hpp"

#include <cstdint>
#include <mutex>

#include <hs/hs_common.h>
#include <hs/hs_runtime.h>

#include "security/secret_database.hpp"

namespace oap::security {
namespace {

struct Database {
  const hs_database_t* database = nullptr;
  hs_scratch_t* scratch = nullptr;  ///< the pattern of each thread's own

  Database() {
    database = reinterpret_cast<const hs_database_t*>(secret_database().data());
    if (reinterpret_cast<std::uintptr_t>(database) % 64 != 0 ||
        hs_alloc_scratch(database, &scratch) != HS_SUCCESS) {
      database = nullptr;
    }
  }
};

const Database& shared_database() {
  static const Database kDatabase;
  return kDatabase;
}

/// What one thread scans with. Streams are kept for the next text.
struct Lane {
  hs_scratch_t* scratch = nullptr;
  std::vector<hs_stream*> idle;

  Lane() {
    const Database& shared = shared_database();
    if (shared.database != nullptr && hs_clone_scratch(shared.scratch, &scratch) != HS_SUCCESS) {
      scratch = nullptr;
    }
  }
  ~Lane() {
    for (hs_stream* stream : idle) {
      hs_close_stream(stream, scratch, nullptr, nullptr);
    }
    hs_free_scratch(scratch);
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
};

Lane& lane() {
  thread_local Lane mine;
  return mine;
}

int on_match(unsigned id, unsigned long long /*from*/, unsigned long long to, unsigned /*flags*/,
             void* context) {
  static_cast<std::vector<Hit>*>(context)->push_back({id, static_cast<std::size_t>(to)});
  return 0;
}

}  // namespace

PrefilterStream::PrefilterStream() {
  Lane& mine = lane();
  if (mine.scratch == nullptr) {
    return;
  }
  if (!mine.idle.empty()) {
    stream_ = mine.idle.back();
    mine.idle.pop_back();
    if (hs_reset_stream(stream_, 0, mine.scratch, nullptr, nullptr) != HS_SUCCESS) {
      hs_close_stream(stream_, mine.scratch, nullptr, nullptr);
      stream_ = nullptr;
    }
    return;
  }
  if (hs_open_stream(shared_database().database, 0, &stream_) != HS_SUCCESS) {
    stream_ = nullptr;
  }
}

PrefilterStream::~PrefilterStream() {
  if (stream_ != nullptr) {
    lane().idle.push_back(stream_);
  }
}

bool PrefilterStream::scan(std::string_view piece, std::vector<Hit>& hits) {
  constexpr std::size_t kMost = 1U << 30U;
  while (!piece.empty()) {
    const std::string_view part = piece.substr(0, kMost);
    piece.remove_prefix(part.size());
    if (stream_ == nullptr ||
        hs_scan_stream(stream_, part.data(), static_cast<unsigned>(part.size()), 0, lane().scratch,
                       on_match, &hits) != HS_SUCCESS) {
      return false;
    }
  }
  return true;
}

}  // namespace oap::security
