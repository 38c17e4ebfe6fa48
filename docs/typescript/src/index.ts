export { Problem, ProgImage } from './client.js'
export type { ImageRecord, Responsive, UploadControl, UploadFields } from './client.js'
export { Pipeline } from './pipeline.js'
export type { ImageArgument } from './steps.js'
