#pragma once

#include <mutex>

#define OAP_CAPABILITY(x) __attribute__((capability(x)))
#define OAP_SCOPED_CAPABILITY __attribute__((scoped_lockable))
#define OAP_GUARDED_BY(x) __attribute__((guarded_by(x)))
#define OAP_REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#define OAP_ACQUIRE(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define OAP_RELEASE(...) __attribute__((release_capability(__VA_ARGS__)))

namespace oap {

/// A std::mutex that clang's thread-safety analysis understands.
class OAP_CAPABILITY("mutex") Mutex {
 public:
  void lock() OAP_ACQUIRE() { mutex_.lock(); }
  void unlock() OAP_RELEASE() { mutex_.unlock(); }
  /// For std::condition_variable_any and std::unique_lock.
  std::mutex& native() { return mutex_; }

 private:
  std::mutex mutex_;
};

/// Holds a Mutex for a scope.
class OAP_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) OAP_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() OAP_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace oap
