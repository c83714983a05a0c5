#pragma once

#include <cstddef>

#include "async/event.hpp"

namespace oap::gateway {

/// Counts a request from its beginning to its end, and tells of the last one's. What it borrows
/// outlives it.
class OpenCall {
 public:
  OpenCall(std::size_t& open, async::Event& drained) : open_(open), drained_(drained) { ++open_; }
  ~OpenCall() {
    if (--open_ == 0) {
      drained_.notify();
    }
  }
  OpenCall(const OpenCall&) = delete;
  OpenCall& operator=(const OpenCall&) = delete;

 private:
  std::size_t& open_;
  async::Event& drained_;
};

}  // namespace oap::gateway
