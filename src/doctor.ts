export { diagnose, type Diagnosis } from './tracer/doctor/diagnose.ts'
