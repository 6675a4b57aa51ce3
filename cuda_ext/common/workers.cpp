#include "common/workers.h"

#include <cxxabi.h>
#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <new>

namespace pcc {
namespace {

constexpr std::size_t kRoomBytes = std::size_t{1} << 16;
constexpr std::size_t kStackBytes = std::size_t{2} << 20;  // whatever `ulimit -s` says; kernels need some hundred kB

// One call of run_shares, on the stack of its caller. Everything that changes is guarded by the workers' mutex.
struct Job {
  void (*const share)(const void*, int);
  const void* const body;
  const int count;
  int taken = 0, ended = 0;
  std::exception_ptr error;
  std::condition_variable all_ended;
  Job* next = nullptr;  // of those with shares left
};

class Workers {
 public:
  void run(Job& job) {
    std::unique_lock lock(mutex_);
    hire(std::min(job.count, kMaxThreads) - 1, lock);
    push(job);
    const int helpers = std::min(job.count - 1, hired_);
    lock.unlock();
    for (int i = 0; i < helpers; i++) work_.notify_one();
    lock.lock();
    while (job.taken < job.count) run_one(job, lock);
    job.all_ended.wait(lock, [&] { return job.ended == job.count; });
  }

 private:
  // As many workers as wanted, or as many as the machine lets us have.
  void hire(int wanted, std::unique_lock<std::mutex>& lock) {
    if (hired_ >= wanted || hiring_) return;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes)) return;
    pthread_attr_setstacksize(&attributes, kStackBytes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigset_t all, before;  // signals are for the program's own threads
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    hiring_ = true;
    while (hired_ < wanted && hire_one(attributes, lock)) {}
    hiring_ = false;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_attr_destroy(&attributes);
  }

  // Starts a thread and waits until it says whether it can work.
  bool hire_one(const pthread_attr_t& attributes, std::unique_lock<std::mutex>& lock) {
    const int before = hired_;
    pthread_t thread;
    answered_ = false;
    if (pthread_create(&thread, &attributes, &Workers::work, this)) return false;
    answer_.wait(lock, [&] { return answered_; });
    return hired_ > before;
  }

  // Whether this thread gets memory: a new one may get none though the others do.
  static bool has_room() {
    void* volatile room = std::malloc(kRoomBytes);  // or the compiler would leave both calls out
    const bool is_there = room != nullptr;
    std::free(room);
    return is_there;
  }

  static void* work(void* self) {
    auto& workers = *static_cast<Workers*>(self);
    const bool ready = has_room();
    if (ready) prepare_to_throw();
    std::unique_lock lock(workers.mutex_);
    workers.answered_ = true;
    workers.hired_ += ready;
    workers.answer_.notify_one();
    if (!ready) return nullptr;
    while (true) {
      workers.work_.wait(lock, [&] { return workers.open_ != nullptr; });
      workers.run_one(*workers.open_, lock);
    }
    return nullptr;
  }

  // The next share of a job, without the lock meanwhile. The job may be gone as soon as the lock is free again.
  void run_one(Job& job, std::unique_lock<std::mutex>& lock) {
    const int i = job.taken++;
    if (job.taken == job.count) remove(job);
    lock.unlock();
    std::exception_ptr error;
    try {
      job.share(job.body, i);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error && !job.error) job.error = error;
    if (++job.ended == job.count) job.all_ended.notify_all();
  }

  void push(Job& job) {
    Job** end = &open_;
    while (*end) end = &(*end)->next;
    *end = &job;
  }

  void remove(Job& job) {
    Job** place = &open_;
    while (*place != &job) place = &(*place)->next;
    *place = job.next;
  }

  std::mutex mutex_;
  std::condition_variable work_, answer_;
  Job* open_ = nullptr;  // jobs with shares left, the oldest first
  int hired_ = 0;
  bool hiring_ = false, answered_ = false;
};

// Never destroyed: workers sleep in it until the process ends. A forked child has none of its parent's workers, and may
// have got the mutex locked by one of them: it begins anew.
Workers& workers() {
  alignas(Workers) static unsigned char memory[sizeof(Workers)];
  static Workers* const all = [] {
    pthread_atfork(nullptr, nullptr, [] { new (memory) Workers; });
    return new (memory) Workers;
  }();
  return *all;
}

}  // namespace

void prepare_to_throw() { [[maybe_unused]] void* volatile locals = abi::__cxa_get_globals(); }

void run_shares(int count, void (*share)(const void*, int), const void* body) {
  if (count < 1) return;
  prepare_to_throw();
  Job job{share, body, count, 0, 0, nullptr, {}, nullptr};
  workers().run(job);
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace pcc
