// A value that is made when first asked for. Threads that ask at once may each make it, and the first to end is kept: a
// lock could be left locked in a child that is forked meanwhile.
#pragma once
#include <atomic>
#include <memory>

namespace pcc {

template <class T> class Lazy {
 public:
  Lazy() = default;
  Lazy(const Lazy&) = delete;
  Lazy& operator=(const Lazy&) = delete;
  ~Lazy() { delete made_.load(); }

  // make() gives a std::unique_ptr<T>.
  template <class Make> const T& get(const Make& make) const {
    if (const T* made = made_.load(std::memory_order_acquire)) return *made;
    std::unique_ptr<T> mine = make();
    T* first = nullptr;
    return made_.compare_exchange_strong(first, mine.get(), std::memory_order_acq_rel) ? *mine.release() : *first;
  }

 private:
  mutable std::atomic<T*> made_{nullptr};
};

}  // namespace pcc
