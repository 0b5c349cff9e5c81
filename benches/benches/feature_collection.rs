//! Our `FeatureCollection` beside a general map from type to value, with the ten features that a
//! request has at least.

use std::{
    any::Any,
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use anymap3::Map;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use falconry_features::{Feature, FeatureCollection};

type TypeMap = Map<dyn Any + Send + Sync>;

/// What stands for a server's object behind each of the features.
#[derive(Default)]
struct Object {
    number: AtomicU64,
}

macro_rules! features {
    ($($name:ident),+) => {
        $(trait $name: Feature {
            fn number(&self) -> &AtomicU64;
        }

        impl $name for Object {
            fn number(&self) -> &AtomicU64 {
                &self.number
            }
        })+

        fn build_ours() -> FeatureCollection {
            let mut features = FeatureCollection::with_capacity(16);
            $(features.set::<dyn $name>(Box::<Object>::default());)+
            features
        }

        fn build_peer() -> TypeMap {
            let mut features = TypeMap::with_capacity(16);
            $(features.insert::<Box<dyn $name>>(Box::<Object>::default());)+
            features
        }

        fn refill_ours(features: &mut FeatureCollection, number: u64) {
            $(features.get_mut::<dyn $name>().unwrap().number().store(number, Relaxed);)+
        }

        fn refill_peer(features: &mut TypeMap, number: u64) {
            $(features.get_mut::<Box<dyn $name>>().unwrap().number().store(number, Relaxed);)+
        }
    };
}

features!(First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth, Ninth, Tenth);

fn look_up(criterion: &mut Criterion) {
    let (ours, peer) = (build_ours(), build_peer());
    let mut group = criterion.benchmark_group("get");
    group.bench_function("first/ours", |b| {
        b.iter(|| black_box(&ours).get::<dyn First>().unwrap().number().load(Relaxed))
    });
    group.bench_function("first/anymap3", |b| {
        b.iter(|| black_box(&peer).get::<Box<dyn First>>().unwrap().number().load(Relaxed));
    });
    group.bench_function("tenth/ours", |b| {
        b.iter(|| black_box(&ours).get::<dyn Tenth>().unwrap().number().load(Relaxed))
    });
    group.bench_function("tenth/anymap3", |b| {
        b.iter(|| black_box(&peer).get::<Box<dyn Tenth>>().unwrap().number().load(Relaxed));
    });
    group.finish();
}

fn look_up_mut(criterion: &mut Criterion) {
    let (mut ours, mut peer) = (build_ours(), build_peer());
    let mut group = criterion.benchmark_group("get_mut");
    group.bench_function("fifth/ours", |b| {
        b.iter(|| black_box(&mut ours).get_mut::<dyn Fifth>().unwrap().number().store(1, Relaxed));
    });
    group.bench_function("fifth/anymap3", |b| {
        b.iter(|| black_box(&mut peer).get_mut::<Box<dyn Fifth>>().unwrap().number().store(1, Relaxed));
    });
    group.finish();
}

fn set(criterion: &mut Criterion) {
    let (mut ours, mut peer) = (build_ours(), build_peer());
    let mut group = criterion.benchmark_group("set");
    let mut object: Option<Box<dyn Fifth>> = Some(Box::<Object>::default());
    group.bench_function("replace fifth/ours", |b| {
        b.iter(|| object = black_box(&mut ours).set(object.take().unwrap()));
    });
    group.bench_function("replace fifth/anymap3", |b| {
        b.iter(|| object = black_box(&mut peer).insert(object.take().unwrap()));
    });
    group.finish();
}

fn all_ten(criterion: &mut Criterion) {
    let (mut ours, mut peer) = (build_ours(), build_peer());
    let mut group = criterion.benchmark_group("ten features");
    group.bench_function("refill/ours", |b| b.iter(|| refill_ours(black_box(&mut ours), 1)));
    group.bench_function("refill/anymap3", |b| b.iter(|| refill_peer(black_box(&mut peer), 1)));
    group.bench_function("build/ours", |b| {
        b.iter_batched(|| (), |()| build_ours(), BatchSize::SmallInput);
    });
    group.bench_function("build/anymap3", |b| {
        b.iter_batched(|| (), |()| build_peer(), BatchSize::SmallInput);
    });
    group.finish();
}

criterion_group!(benches, look_up, look_up_mut, set, all_ten);
criterion_main!(benches);
