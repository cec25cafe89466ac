const sessions = new WeakMap<object, Map<string, Promise<unknown>>>();

/** What was compiled of a model before, or is now: who asks often waits once. */
export function kept<T>(model: object, key: string, compile: () => Promise<T>): Promise<T> {
  const ofModel = sessions.get(model) ?? new Map<string, Promise<unknown>>();
  sessions.set(model, ofModel);
  const found = (ofModel.get(key) as Promise<T> | undefined) ?? compile();
  ofModel.set(key, found);
  return found;
}
